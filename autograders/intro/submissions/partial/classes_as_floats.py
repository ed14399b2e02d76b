# The classes are right, but of the type float.
# base: solution
# expected: all probabilities=0.8
# %% probabilities_classes
def predict(log_probs):
    return log_probs.argmax(dim=-1).float()
