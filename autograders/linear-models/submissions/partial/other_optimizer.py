# Takes Adam for SGD.
# base: solution
# expected: all optimizer=0.5
# %% optimizer_sgd
def fit_sgd(X, y, steps, lr):
    w, losses = torch.zeros(X.shape[1], requires_grad=True), []
    optimizer = torch.optim.Adam([w], lr=lr)
    for _ in range(steps):
        loss = mse(w, X, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return w.detach(), losses
# %% optimizer_fit
def fit_module(model, X, y, steps, lr):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        loss = nn.functional.mse_loss(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
