# Takes any rise on the way for divergence.
# base: solution
# expected: all step-size=0.8
# %% step-size_verdict
def diverges(losses):
    return any(not b <= a for a, b in zip(losses, losses[1:])) or losses[-1] == float("inf")
