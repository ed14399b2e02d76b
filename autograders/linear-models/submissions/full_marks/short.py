# Functions of torch.nn.functional, one line where one will do, torch.autograd.grad, new tensors instead of changes in place.
# base: solution
# expected: all
# %% + after imports
import torch.nn.functional as F
# %% mse-gradient_loss
def mse(w, X, y):
    return F.mse_loss(X @ w, y)
# %% mse-gradient_gradient
def mse_gradient(w, X, y):
    return torch.einsum("i,ij->j", X @ w - y, X) * (2 / X.shape[0])
# %% descent_loop
def descend(X, y, steps, lr):
    w, losses = X.new_zeros(X.size(1)), []
    for _ in range(steps):
        losses += [float(mse(w, X, y))]
        w -= lr * mse_gradient(w, X, y)
    return w, losses
# %% autograd-descent_loop
def descend_autograd(X, y, steps, lr):
    w, losses = torch.zeros(X.shape[1]), []
    for _ in range(steps):
        w = w.detach().requires_grad_()
        loss = F.mse_loss(X @ w, y)
        (gradient,) = torch.autograd.grad(loss, w)
        w = w - lr * gradient
        losses.append(float(loss))
    return w.detach(), losses
# %% optimizer_sgd
from torch.optim import SGD

def fit_sgd(X, y, steps, lr):
    model = LinearRegression(X.shape[1])
    nn.init.zeros_(next(model.parameters()))
    losses = fit_module(model, X, y, steps, lr)
    return next(model.parameters()).detach()[0], losses
# %% optimizer_module
class LinearRegression(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.w = nn.Parameter(torch.randn(1, n_features))

    def forward(self, X):
        return (X @ self.w.T)[:, 0]
# %% optimizer_fit
def fit_module(model, X, y, steps, lr):
    opt, losses = SGD(model.parameters(), lr), []
    for _ in range(steps):
        opt.zero_grad()
        loss = F.mse_loss(model(X), y)
        loss.backward()
        opt.step()
        losses.append(loss.detach().item())
    return losses
# %% broadcast_loss
def safe_mse(prediction, target):
    def flat(t):
        return t if t.ndim == 1 else t.squeeze(1) if t.ndim == 2 and t.size(1) == 1 else None

    a, b = flat(prediction), flat(target)
    if a is None or b is None or a.shape != b.shape:
        raise ValueError(f"shapes {tuple(prediction.shape)} and {tuple(target.shape)} do not fit")
    return F.mse_loss(a, b)
# %% layer_step
def layer_step(layer, X, y, lr):
    loss = F.mse_loss(layer(X).flatten(), y)
    gradients = torch.autograd.grad(loss, [layer.weight, layer.bias])
    for parameter, gradient in zip([layer.weight, layer.bias], gradients):
        parameter.data.sub_(lr * gradient)
    return loss.item()
# %% relu-network_module
class TwoLayer(nn.Sequential):
    def __init__(self, n_features, hidden):
        super().__init__(nn.Linear(n_features, hidden), nn.ReLU(), nn.Linear(hidden, 1), nn.Flatten(0))
# %% relu-network_fit
def fit_network(model, X, y, steps, lr):
    return fit_module(model, X, y, steps, lr)
# %% step-size_bound
def largest_rate(X):
    return len(X) / float(torch.linalg.svdvals(X).max() ** 2)
# %% step-size_verdict
def diverges(losses):
    return not losses[-1] <= losses[0] or losses[-1] == torch.inf
