# Returns the last loss instead of a list of all.
# base: solution
# expected: all optimizer=1.3
# %% optimizer_rmsprop
def fit_with_optimizer(X, y, steps=100, lr=0.03):
    w = torch.zeros(X.shape[1], requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    opt = torch.optim.RMSprop([w, b], lr=lr)
    for i in range(steps):
        loss = torch.mean((X @ w + b - y) ** 2)
        loss.backward()
        opt.step()
        opt.zero_grad()
    return w.detach(), b.detach(), loss.item()
