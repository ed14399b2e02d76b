# The right functions over the wrong axis.
# base: solution
# expected: all probabilities=0
# %% probabilities_values
def probabilities(log_probs):
    return torch.softmax(log_probs, dim=0)
# %% probabilities_classes
def predict(log_probs):
    return log_probs.argmax(dim=0)
