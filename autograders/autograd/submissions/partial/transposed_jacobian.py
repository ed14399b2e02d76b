# The rows become columns, and v is left out: the gradient of the sum.
# base: solution
# expected: all vjp=0
# %% vjp_product
def vjp(f, x, v):
    x = x.clone().requires_grad_()
    f(x).sum().backward()
    return x.grad
# %% vjp_jacobian
def jacobian(f, x):
    x = x.clone().requires_grad_()
    y = f(x)
    rows = [torch.autograd.grad(value, x, retain_graph=True)[0] for value in y]
    return torch.stack(rows, dim=1)
