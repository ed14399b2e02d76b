# Keeps its metadata, but cells are deleted, repeated and moved; one given cell is spoilt.
# base: solution
# expected: all
# %% drop imports
# %% drop mnist-evaluate
# %% drop softmax-regression
# %% twice gradient-descent_fit
# %% twice mnist-train
# %% last optimizer_rmsprop
# %% given minibatches
def minibatches(X, y, batch_size, shuffle=False):
    return []
