# rescaled forgets to clone: it works in place too.
# base: solution
# expected: all memory=1.25
# %% memory_rescale
def rescale_(x):
    x.sub_(x.min()).div_(x.max())
    return x

def rescaled(x):
    return rescale_(x)
