# One backward for all pieces: right, but all records are held at the same time. The descent moves the start itself.
# base: solution
# expected: all accumulation=1.2
# %% accumulation_pieces
def accumulated_gradient(w, X, y, size):
    w.grad = None
    loss = sum(((X[i : i + size] @ w - y[i : i + size]) ** 2).sum() for i in range(0, len(X), size))
    (loss / len(X)).backward()
    return w.grad
# %% accumulation_descent
def minimise(f, start, steps, lr):
    x = start.detach().requires_grad_()
    for _ in range(steps):
        f(x).backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad = None
    return x.detach()
