# The Russian notebook; everything as columns, and the seeds' way of changing `.data`.
# base: solution ru
# expected: all
# %% mse-gradient_loss
def mse(w, X, y):
    # ошибка каждого наблюдения
    ошибка = torch.matmul(X, w.reshape(-1, 1)) - y.reshape(-1, 1)   # [n, 1]
    return torch.mean(ошибка ** 2)
# %% mse-gradient_gradient
def mse_gradient(w, X, y):
    y_pred = X @ w
    return ((2 * (y_pred - y)).unsqueeze(1) * X).mean(dim=0)
# %% descent_loop
def descend(X, y, steps, lr):
    w = torch.zeros(X.shape[1], dtype=torch.float32)
    losses = []
    for step in range(steps):
        losses.append(mse(w, X, y).item())
        dw = mse_gradient(w, X, y)
        w -= lr * dw
    return w, losses
# %% autograd-descent_loop
def descend_autograd(X, y, steps, lr):
    w = torch.zeros(X.shape[1], requires_grad=True)
    losses = []
    for step in range(steps):
        w.grad = None
        loss = mse(w, X, y)
        loss.backward()
        w.data = w.data - lr * w.grad
        losses.append(loss.item())
    return w.detach(), losses
# %% optimizer_module
class LinearRegression(nn.Module):
    def __init__(self, n_features):
        super(LinearRegression, self).__init__()
        self.lin = nn.Linear(in_features=n_features, out_features=1, bias=False)

    def forward(self, X):
        return self.lin(X).view(-1)
# %% optimizer_fit
def fit_module(model, X, y, steps, lr):
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    for step in range(steps):
        l = criterion(model(X), y)
        l.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(l.item())
    return losses
# %% broadcast_loss
def safe_mse(prediction, target):
    for t in (prediction, target):
        if t.dim() not in (1, 2) or (t.dim() == 2 and t.shape[1] != 1):
            raise ValueError(f"неподходящие формы: {prediction.shape} и {target.shape}")
    if len(prediction) != len(target):
        raise ValueError(f"разное число элементов: {prediction.shape} и {target.shape}")
    return ((prediction.view(-1) - target.view(-1)) ** 2).mean()
# %% layer_step
def layer_step(layer, X, y, lr):
    y_pred = layer(X).ravel()
    loss = torch.mean((y_pred - y) ** 2)
    loss.backward()
    with torch.no_grad():
        layer.weight.data -= layer.weight.grad * lr
        layer.bias.data -= layer.bias.grad * lr
    layer.weight.grad.zero_()
    layer.bias.grad.zero_()
    return loss.item()
# %% relu-network_module
class TwoLayer(nn.Module):
    def __init__(self, n_features, hidden):
        super().__init__()
        self.layer1 = nn.Linear(n_features, hidden)
        self.layer2 = nn.Linear(hidden, 1)
        self.activation = nn.ReLU()

    def forward(self, X):
        return self.layer2(self.activation(self.layer1(X))).ravel()
# %% relu-network_fit
def fit_network(model, X, y, steps, lr):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    losses = []
    for step in range(steps):
        loss = nn.MSELoss()(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
# %% step-size_bound
def largest_rate(X):
    n = X.shape[0]
    H = 2 / n * torch.mm(X.t(), X)
    return (2 / torch.linalg.eigvals(H).real.max()).item()
# %% step-size_verdict
def diverges(losses):
    last = losses[-1]
    if math.isnan(last) or math.isinf(last):
        return True
    return last > losses[0]
