# Calls the earlier function instead of an optimizer.
# base: solution
# expected: all optimizer=1.4
# %% optimizer_sgd
def fit_sgd(X, y, steps, lr):
    return descend_autograd(X, y, steps, lr)
