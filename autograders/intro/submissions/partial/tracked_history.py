# Right numbers, but the graph of all steps hangs on the result.
# base: solution
# expected: all gradient-descent=1.8
# %% gradient-descent_fit
def fit_linear(X, y, steps=100, lr=0.1):
    w = torch.zeros(X.shape[1], requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    losses = []
    for i in range(steps):
        loss = torch.mean((X @ w + b - y) ** 2)
        dw, db = torch.autograd.grad(loss, (w, b))
        w = w - lr * dw
        b = b - lr * db
        losses.append(loss.item())
    return w, b, losses
