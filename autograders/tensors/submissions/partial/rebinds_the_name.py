# x = ... makes a new tensor: the argument stays as it was.
# base: solution
# expected: all memory=1.25
# %% memory_rescale
def rescale_(x):
    x = x - x.min()
    x = x / x.max()
    return x

def rescaled(x):
    return rescale_(x)
