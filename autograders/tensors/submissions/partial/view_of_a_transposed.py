# view fails on tensors that are not contiguous, and reshape alone tears the patches apart.
# base: solution
# expected: all reshape=0.75
# %% reshape_rows
def flat_rows(x):
    return x.view(x.shape[0], -1)

def reshape_copies(x, shape):
    return x.reshape(shape).data_ptr() != x.data_ptr()
# %% reshape_patches
def patches(image, size):
    return image.reshape(-1, size, size)
