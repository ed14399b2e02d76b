# A cell of the notebook never ends, so that what it should define is missing.
# base: solution
# expected: all probabilities=0.5
# %% probabilities_classes
while True:
    log_probs = log_probs + 1

def predict(log_probs):
    return log_probs.argmax(dim=-1)
