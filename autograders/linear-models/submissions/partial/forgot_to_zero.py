# Never zeroes the gradient.
# base: solution
# expected: all autograd-descent=0.25
# %% autograd-descent_loop
def descend_autograd(X, y, steps, lr):
    w, losses = torch.zeros(X.shape[1], requires_grad=True), []
    for _ in range(steps):
        loss = mse(w, X, y)
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
        losses.append(loss.item())
    return w.detach(), losses
