# Asks for 60 GB.
# base: solution
# expected: all sin2-cos2=0.4
# %% sin2-cos2_function
def sin2_plus_cos2(x):
    return torch.ones(60 * 2**30 // 8, dtype=torch.float64)
