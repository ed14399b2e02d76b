# squeeze() turns a single observation into a number without dimensions.
# base: solution
# expected: all optimizer=1.7
# %% optimizer_module
class LinearRegression(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.layer = nn.Linear(n_features, 1, bias=False)

    def forward(self, X):
        return self.layer(X).squeeze()
