# Lets torch.optim do what should be written by hand.
# base: solution
# expected: all gradient-descent=1.5
# %% gradient-descent_fit
def fit_linear(X, y, steps=100, lr=0.1):
    w = torch.zeros(X.shape[1], requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    opt = torch.optim.SGD([w, b], lr=lr)
    losses = []
    for i in range(steps):
        loss = torch.mean((X @ w + b - y) ** 2)
        loss.backward()
        opt.step()
        opt.zero_grad()
        losses.append(loss.item())
    return w.detach(), b.detach(), losses
