# Clones to be safe, and asks whether x itself is contiguous instead of whether the new shape needs a copy.
# base: solution
# expected: all reshape=1
# %% reshape_rows
def flat_rows(x):
    return x.clone().reshape(len(x), -1)

def reshape_copies(x, shape):
    return not x.is_contiguous()
