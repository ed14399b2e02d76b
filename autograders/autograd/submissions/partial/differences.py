# A difference quotient with a large step instead of a derivative.
# base: solution
# expected: all derivative=0.25
# %% derivative_autograd
def derivative(f, x):
    return (f(x + 1e-3) - f(x)) / 1e-3
