# The derivative of 5x is taken for x.
# base: solution
# expected: all derivative=0.75
# %% derivative_hand
def by_hand(x):
    return 2 * x + x
