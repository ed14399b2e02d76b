# Keeps the layers in a plain list, where parameters() does not find them.
# base: solution
# expected: all relu-network=0.4
# %% relu-network_module
class TwoLayer(nn.Module):
    def __init__(self, n_features, hidden):
        super().__init__()
        self.layers = [nn.Linear(n_features, hidden), nn.Linear(hidden, 1)]

    def forward(self, X):
        return self.layers[1](torch.relu(self.layers[0](X))).squeeze(1)
