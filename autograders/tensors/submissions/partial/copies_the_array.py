# torch.tensor copies: the tensor does not follow the array.
# base: solution
# expected: all memory=1.25
# %% memory_numpy
def shared(array):
    return torch.tensor(array)

def copied(array):
    return torch.tensor(array)
