# Returns w as a column, and the losses as tensors.
# base: solution
# expected: all descent=0.1
# %% descent_loop
def descend(X, y, steps, lr):
    w, losses = torch.zeros(X.shape[1]), []
    for _ in range(steps):
        losses.append(mse(w, X, y))
        w = w - lr * mse_gradient(w, X, y)
    return w[:, None], losses
