# Classes and PyTorch's own parts everywhere: nn.Linear, parameter.data, DataLoader, dropout, the best weights kept.
# base: solution
# expected: all
# %% + after imports
import copy
from torch.utils.data import DataLoader, TensorDataset

LEARNING_RATE = 0.05

class LinearModel(nn.Module):
    def __init__(self, columns):
        super().__init__()
        self.layer = nn.Linear(columns, 1)
        nn.init.zeros_(self.layer.weight)
        nn.init.zeros_(self.layer.bias)

    def forward(self, X):
        return self.layer(X).squeeze(1)  # [n]
# %% gradient-descent_fit
def fit_linear(X, y, steps=100, lr=0.1):
    model, losses = LinearModel(X.shape[1]), []
    for step in range(steps):
        model.zero_grad()
        loss = nn.MSELoss()(model(X), y)
        loss.backward()
        for p in model.parameters():
            p.data = p.data - lr * p.grad
        losses += [loss.item()]
    return model.layer.weight.data[0], model.layer.bias.data, losses
# %% optimizer_rmsprop
def fit_with_optimizer(X, y, steps=100, lr=0.03):
    model, losses = LinearModel(X.shape[1]), []
    opt = torch.optim.RMSprop(model.parameters(), lr=lr)
    for step in range(steps):
        loss = nn.MSELoss()(model(X), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses += [loss.item()]
    return model.layer.weight.data.view(-1), model.layer.bias.data, losses
# %% optimizer_momentum
def momentum_step(params, velocities, lr=0.1, gamma=0.9):
    for p, u in zip(params, velocities):
        u.data = gamma * u.data + lr * p.grad.data
        p.data = p.data - u.data
# %% mnist-evaluate_function
def evaluate(model, X, y, batch_size=64):
    was_training = model.training
    model.eval()
    total = correct = 0
    for images, labels in DataLoader(TensorDataset(X, y), batch_size=batch_size):
        with torch.no_grad():
            out = model(images)
        total -= out[torch.arange(len(labels)), labels].sum().item()
        correct += int((out.argmax(1) == labels).sum())
    model.train(was_training)
    return total / len(y), correct / len(y)
# %% mnist-train_net
class Net(nn.Module):
    def __init__(self, hidden=128, dropout=0.2):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(784, hidden), nn.ReLU(), nn.Dropout(dropout))
        self.head = nn.Linear(hidden, 10)

    def forward(self, x):
        return F.log_softmax(self.head(self.body(x)), dim=1)
# %% mnist-train_epoch
def train_epoch(model, optimizer, X, y, batch_size=32):
    model.train()
    log = []
    for images, labels in DataLoader(TensorDataset(X, y), batch_size=batch_size, shuffle=True):
        out = model(images)
        loss = F.nll_loss(out, labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        log.append((loss.item(), (out.argmax(1) == labels).double().mean().item()))
    losses, accuracies = zip(*log)
    return list(losses), list(accuracies)
# %% mnist-train_network
def train_network(model, X_train, y_train, X_val, y_val, epochs=8, batch_size=32):
    history = {"train_loss": [], "train_accuracy": [], "val_loss": [], "val_accuracy": []}
    optimizer = torch.optim.SGD(model.parameters(), LEARNING_RATE, momentum=0.9)
    best, weights = 0, None
    for epoch in range(epochs):
        losses, accuracies = train_epoch(model, optimizer, X_train, y_train, batch_size)
        loss, accuracy = evaluate(model, X_val, y_val)
        for name, value in zip(history, (np.mean(losses), np.mean(accuracies), loss, accuracy)):
            history[name].append(float(value))
        if accuracy > best:
            best, weights = accuracy, copy.deepcopy(model.state_dict())
    model.load_state_dict(weights)
    return history
