# Ignores the number of steps and runs until the loss stops changing, which it never does.
# base: solution
# expected: all descent=0
# %% descent_loop
def descend(X, y, steps, lr):
    w = torch.zeros(X.shape[1])
    losses = [1.0]
    while losses[-1] > -1:
        losses[0] = mse(w, X, y).item()
        w = w - lr * mse_gradient(w, X, y)
    return w, losses
