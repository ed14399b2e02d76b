# Two linear layers without anything between them.
# base: solution
# expected: all relu-network=0.5333
# %% relu-network_module
class TwoLayer(nn.Module):
    def __init__(self, n_features, hidden):
        super().__init__()
        self.first = nn.Linear(n_features, hidden)
        self.second = nn.Linear(hidden, 1)

    def forward(self, X):
        return self.second(self.first(X)).squeeze(1)
