# Puts two functions into one cell and deletes the other cell.
# base: solution
# expected: all
# %% drop probabilities_classes
# %% probabilities_values
def probabilities(log_probs):
    return log_probs.exp()

def predict(log_probs):
    return log_probs.argmax(dim=-1)
