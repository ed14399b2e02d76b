# Works on x.data: the history is lost.
# base: solution
# expected: all loop=0.37..0.38
# %% loop_doubling
def doubled(x, limit):
    y, count = x.data, 0
    while y.norm() < limit:
        y = y * 2
        count += 1
    return y, count

def doubling_gradient(x, limit):
    x = x.detach().requires_grad_()
    doubled(x, limit)[0].mean().backward()
    return x.grad
