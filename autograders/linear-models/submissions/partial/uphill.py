# Goes along the gradient.
# base: solution
# expected: all descent=0.2
# %% descent_loop
def descend(X, y, steps, lr):
    w, losses = torch.zeros(X.shape[1]), []
    for _ in range(steps):
        losses.append(mse(w, X, y).item())
        w = w + lr * mse_gradient(w, X, y)
    return w, losses
