# Compares where the tensors begin: slices of one storage begin at different places.
# base: solution
# expected: all memory=1
# %% memory_storage
def same_storage(a, b):
    return a.data_ptr() == b.data_ptr()
