# Writes down each loss after its step.
# base: solution
# expected: all descent=0.8
# %% descent_loop
def descend(X, y, steps, lr):
    w, losses = torch.zeros(X.shape[1]), []
    for _ in range(steps):
        w = w - lr * mse_gradient(w, X, y)
        losses.append(mse(w, X, y).item())
    return w, losses
