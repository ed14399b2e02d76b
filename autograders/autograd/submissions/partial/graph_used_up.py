# The second row fails: the record was thrown away after the first.
# base: solution
# expected: all vjp=0.4
# %% vjp_jacobian
def jacobian(f, x):
    x = x.clone().requires_grad_()
    y = f(x)
    return torch.stack([torch.autograd.grad(value, x)[0] for value in y])
