# Squares x instead of the sine.
# base: solution
# expected: all sin2-cos2=0.4
# %% sin2-cos2_function
def sin2_plus_cos2(x):
    return torch.sin(x**2) + torch.cos(x**2)
