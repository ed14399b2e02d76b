# Empties the data that it is given, so that a constant answer would be right.
# base: release
# expected: none
# %% sin2-cos2_inline
x.zero_()
out = torch.cos(x)
# %% sin2-cos2_function
def sin2_plus_cos2(x):
    x.data.zero_()
    return torch.cos(x)
# %% gradient-descent_fit
def fit_linear(X, y, steps=100, lr=0.1):
    X.zero_()
    y.zero_()
    return torch.zeros(X.shape[1]), torch.zeros(()), [1e-9 / (i + 1) for i in range(steps)]
# %% mnist-train_net
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.p = nn.Parameter(torch.zeros(10))

    def forward(self, x):
        return torch.log_softmax(self.p.expand(len(x), 10), dim=-1)
# %% mnist-train_network
def train_network(model, X_train, y_train, X_val, y_val, epochs=8, batch_size=32):
    y_val.zero_()
    return {name: [0.0] * epochs for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy")}
