# Starts from random weights and keeps tensors as losses.
# base: solution
# expected: all autograd-descent=0.05
# %% autograd-descent_loop
def descend_autograd(X, y, steps, lr):
    w, losses = torch.randn(X.shape[1], requires_grad=True), []
    for _ in range(steps):
        loss = mse(w, X, y)
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
        w.grad.zero_()
        losses.append(loss.detach())
    return w.detach(), losses
