# Uses the eigenvalues of the mean of x·xᵀ, without the factor 2, and returns a tensor.
# base: solution
# expected: all step-size=0.5
# %% step-size_bound
def largest_rate(X):
    return 2 / torch.linalg.eigvalsh(X.T @ X / len(X)).max()
