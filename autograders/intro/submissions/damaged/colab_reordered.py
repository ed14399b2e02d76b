# No metadata, cells deleted, repeated and moved, and a first attempt left standing.
# base: solution ru
# expected: all
# %% drop minibatches
# %% drop gradient-descent
# %% drop title-ru
# %% drop data
# %% twice optimizer_momentum
# %% last probabilities_values
# %% last sin2-cos2_function
# %% + after mnist-train-text-ru
# первая попытка
class Net(nn.Module):
    def forward(self, x):
        raise NotImplementedError()
# %% strip
