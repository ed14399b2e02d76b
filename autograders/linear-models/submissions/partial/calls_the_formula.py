# Calls mse_gradient instead of backward, and keeps w's history.
# base: solution
# expected: all autograd-descent=0.5
# %% autograd-descent_loop
def descend_autograd(X, y, steps, lr):
    w, losses = torch.zeros(X.shape[1], requires_grad=True), []
    for _ in range(steps):
        losses.append(mse(w, X, y).item())
        w = w - lr * mse_gradient(w, X, y)
    return w, losses
