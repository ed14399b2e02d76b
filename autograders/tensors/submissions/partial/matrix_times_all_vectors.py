# The vectors are taken for one matrix, and T reverses all dimensions.
# base: solution
# expected: all matmul=0
# %% matmul_vectors
def apply_each(matrices, vectors):
    return (matrices @ vectors.T).sum(dim=-1)
# %% matmul_gram
def gram(X):
    return X @ X.permute(*range(X.dim() - 1, -1, -1))
