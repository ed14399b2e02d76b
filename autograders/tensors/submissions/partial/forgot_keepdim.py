# Without keepdim the sums lie along the columns, and the means along the width.
# base: solution
# expected: all broadcasting=0.33..0.34
# %% broadcasting_rows
def row_shares(X):
    return X / X.sum(dim=1)

def normalise(images, mean, std):
    return (images - mean) / std
