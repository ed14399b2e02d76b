# A missing bracket.
# base: solution
# expected: all gradient-descent=0
# %% gradient-descent_fit
def fit_linear(X, y, steps=100, lr=0.1):
    w = torch.zeros(X.shape[1], requires_grad=True
    return w, 0, []
