# New tensors instead of changes in place, torch.autograd.grad instead of backward, a convolutional network.
# base: solution
# expected: all
# %% sin2-cos2_inline
s, c = x.sin(), x.cos()
out = s * s + c * c
# %% sin2-cos2_function
def sin2_plus_cos2(x):
    return sum(f(x).pow(2) for f in (torch.sin, torch.cos))
# %% gradient-descent_fit
def fit_linear(X, y, steps=100, lr=0.1):
    theta = torch.zeros(X.shape[1] + 1)                   # [d + 1], the last one is b
    ones = torch.cat([X, torch.ones(len(X), 1)], dim=1)   # [n, d + 1]
    losses = []
    for _ in range(steps):
        theta = theta.detach().requires_grad_()
        loss = F.mse_loss(ones @ theta, y)
        (gradient,) = torch.autograd.grad(loss, theta)
        theta = (theta - lr * gradient).detach()
        losses.append(float(loss))
    return theta[:-1], theta[-1], losses
# %% optimizer_rmsprop
from torch.optim import RMSprop

def fit_with_optimizer(X, y, steps=100, lr=0.03):
    theta = torch.zeros(X.shape[1] + 1, requires_grad=True)
    optimizer = RMSprop([theta], lr)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.mean(torch.square(X @ theta[:-1] + theta[-1] - y))
        loss.backward()
        optimizer.step()
        losses.append(loss.detach().item())
    return theta.detach()[:-1], theta.detach()[-1], losses
# %% optimizer_momentum
@torch.no_grad()
def momentum_step(params, velocities, lr=0.1, gamma=0.9):
    for param, velocity in zip(params, velocities):
        velocity.copy_(gamma * velocity + lr * param.grad)
        param -= velocity
# %% probabilities_values
def probabilities(log_probs):
    return torch.softmax(log_probs, -1)
# %% probabilities_classes
predict = lambda log_probs: log_probs.max(-1).indices
# %% mnist-evaluate_function
@torch.inference_mode()
def evaluate(model, X, y, batch_size=64):
    model.train(False)
    parts = [(model(images), labels) for images, labels in minibatches(X, y, batch_size)]
    loss = sum(F.nll_loss(out, labels).item() * len(labels) for out, labels in parts) / len(y)
    accuracy = np.mean([hit for out, labels in parts for hit in (predict(out) == labels).tolist()])
    return loss, float(accuracy)
# %% mnist-train_net
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Unflatten(1, (1, 28, 28)),
            nn.Conv2d(1, 8, 5, stride=2), nn.ReLU(),      # [n, 8, 12, 12]
            nn.Conv2d(8, 16, 3, stride=2), nn.ReLU(),     # [n, 16, 5, 5]
            nn.Flatten(), nn.Linear(400, 10), nn.LogSoftmax(dim=1),
        )

    def forward(self, x):
        return self.layers(x)
# %% mnist-train_network
def train_network(model, X_train, y_train, X_val, y_val, epochs=8, batch_size=32):
    opt = torch.optim.RMSprop(model.parameters(), lr=0.002)
    rows = []
    for _ in range(epochs):
        losses, accuracies = train_epoch(model, opt, X_train, y_train, batch_size)
        rows.append((sum(losses) / len(losses), sum(accuracies) / len(accuracies), *evaluate(model, X_val, y_val)))
    return dict(zip(("train_loss", "train_accuracy", "val_loss", "val_accuracy"), map(list, zip(*rows))))
