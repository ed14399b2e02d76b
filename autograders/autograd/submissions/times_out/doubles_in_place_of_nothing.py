# Never assigns the doubled tensor: the loop does not end. The other exercises keep their points.
# base: solution
# expected: all loop=0
# %% loop_doubling
def doubled(x, limit):
    count = 0
    while x.norm() < limit:
        y = x * 2
        count += 1
    return y, count

def doubling_gradient(x, limit):
    x = x.detach().requires_grad_()
    doubled(x, limit)[0].mean().backward()
    return x.grad
