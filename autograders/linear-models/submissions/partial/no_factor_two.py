# The gradient of half the mean square.
# base: solution
# expected: all mse-gradient=0.375
# %% mse-gradient_gradient
def mse_gradient(w, X, y):
    return (X * (X @ w - y)[:, None]).mean(dim=0)
