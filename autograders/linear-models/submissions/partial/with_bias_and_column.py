# The module has a bias and returns a column, which the loss broadcasts.
# base: solution
# expected: all optimizer=1.5
# %% optimizer_module
class LinearRegression(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.layer = nn.Linear(n_features, 1)

    def forward(self, X):
        return self.layer(X)
