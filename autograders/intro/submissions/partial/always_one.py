# Never looks at x: the answer is known to be 1.
# base: solution
# expected: all sin2-cos2=0
# %% sin2-cos2_inline
out = torch.ones_like(x)
# %% sin2-cos2_function
def sin2_plus_cos2(x):
    return torch.ones_like(x)
