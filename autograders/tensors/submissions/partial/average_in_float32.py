# Averages in float32 and converts the result: too late for large sums.
# base: solution
# expected: all creation=0.75
# %% creation_average
def average(x):
    return x.float().mean().double()
