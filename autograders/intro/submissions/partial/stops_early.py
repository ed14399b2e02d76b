# Stops as soon as the loss is below 0.5.
# base: solution
# expected: all gradient-descent=1.4
# %% gradient-descent_fit
def fit_linear(X, y, steps=100, lr=0.1):
    w = torch.zeros(X.shape[1], requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    losses = []
    for i in range(steps):
        loss = torch.mean((X @ w + b - y) ** 2)
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad.zero_()
        b.grad.zero_()
        losses.append(loss.item())
        if loss < 0.5:
            break
    return w.detach(), b.detach(), losses
