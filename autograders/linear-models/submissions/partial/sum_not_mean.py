# Forgets to divide the gradient by n.
# base: solution
# expected: all mse-gradient=0.375
# %% mse-gradient_gradient
def mse_gradient(w, X, y):
    return 2 * X.T @ (X @ w - y)
