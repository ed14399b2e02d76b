# The gradient is never zeroed, in neither function.
# base: solution
# expected: all accumulation=0.75
# %% accumulation_pieces
def accumulated_gradient(w, X, y, size):
    for i in range(0, len(X), size):
        loss = ((X[i : i + size] @ w - y[i : i + size]) ** 2).sum() / len(X)
        loss.backward()
    return w.grad
# %% accumulation_descent
def minimise(f, start, steps, lr):
    x = start.clone().requires_grad_()
    for _ in range(steps):
        f(x).backward()
        with torch.no_grad():
            x -= lr * x.grad
    return x.detach()
