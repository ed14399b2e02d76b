# Takes SGD instead of RMSprop.
# base: solution
# expected: all optimizer=1.5
# %% optimizer_rmsprop
def fit_with_optimizer(X, y, steps=100, lr=0.03):
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
