# Renames every function, so that nothing can be called. Only the inline result is found.
# base: release
# expected: none sin2-cos2=0.4
# %% sin2-cos2_inline
out = torch.sin(x) ** 2 + torch.cos(x) ** 2
# %% sin2-cos2_function
def identity(t):
    return torch.sin(t) ** 2 + torch.cos(t) ** 2
# %% gradient-descent_fit
def fitLinear(X, y, steps=100, lr=0.1):
    return torch.zeros(X.shape[1]), torch.zeros(()), [0.0] * steps
# %% optimizer_rmsprop
def fit_rmsprop(X, y, steps=100, lr=0.03):
    return torch.zeros(X.shape[1]), torch.zeros(()), [0.0] * steps
# %% optimizer_momentum
def momentum(params, velocities, lr=0.1, gamma=0.9):
    return params, velocities
# %% probabilities_values
def get_probs(log_probs):
    return log_probs.exp()
# %% probabilities_classes
def get_classes(log_probs):
    return log_probs.argmax(dim=-1)
# %% mnist-evaluate_function
def test(model, X, y, batch_size=64):
    return 0.0, 1.0
# %% mnist-train_net
class Network(nn.Module):
    pass
# %% mnist-train_epoch
def train(model, optimizer, X, y, batch_size=32):
    return [], []
# %% mnist-train_network
def fit(model, X_train, y_train, X_val, y_val, epochs=8, batch_size=32):
    return {}
