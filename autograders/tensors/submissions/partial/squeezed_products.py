# bmm for the vectors is right but for squeeze() and gram takes three dimensions only.
# base: solution
# expected: all matmul=0.5
# %% matmul_vectors
def apply_each(matrices, vectors):
    return torch.bmm(matrices, vectors.unsqueeze(-1)).squeeze()
# %% matmul_gram
def gram(X):
    return torch.bmm(X, X.transpose(1, 2))
