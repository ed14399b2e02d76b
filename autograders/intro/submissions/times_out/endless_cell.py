# A statement of a cell never ends; what the cell defines below it counts all the same.
# base: solution
# expected: all
# %% probabilities_classes
while True:
    log_probs = log_probs + 1

def predict(log_probs):
    return log_probs.argmax(dim=-1)
