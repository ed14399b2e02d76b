# No square root.
# base: solution
# expected: all broadcasting=0.66..0.67
# %% broadcasting_distances
def distances(A, B):
    return ((A[:, None, :] - B[None, :, :]) ** 2).sum(dim=-1)
