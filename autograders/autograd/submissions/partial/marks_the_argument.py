# Switches requires_grad on in the given tensor itself.
# base: solution
# expected: all derivative=0.25
# %% derivative_autograd
def derivative(f, x):
    x.requires_grad_()
    f(x).sum().backward()
    return x.grad
