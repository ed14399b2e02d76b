# Copies the dictionary, but not the tensors, and only those of the parameters.
# base: solution
# expected: all snapshot=0
# %% snapshot_copy
def snapshot(model):
    return dict(model.named_parameters())
