# Fills the memory bit by bit, so that no single request is refused.
# base: solution
# expected: all probabilities=0.5
# %% probabilities_classes
def predict(log_probs):
    kept = []
    while True:
        kept.append(torch.ones(50_000_000))
