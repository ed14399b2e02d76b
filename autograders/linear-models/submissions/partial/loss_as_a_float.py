# mse returns a Python float, through which no gradient flows.
# base: solution
# expected: all mse-gradient=1.125
# %% mse-gradient_loss
def mse(w, X, y):
    return ((X @ w - y) ** 2).mean().item()
# %% descent_loop
def descend(X, y, steps, lr):
    w, losses = torch.zeros(X.shape[1]), []
    for _ in range(steps):
        losses.append(float(mse(w, X, y)))
        w = w - lr * mse_gradient(w, X, y)
    return w, losses
