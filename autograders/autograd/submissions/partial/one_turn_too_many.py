# <= doubles once more when the norm equals the limit; the gradient is that of the sum.
# base: solution
# expected: all loop=0.5
# %% loop_doubling
def doubled(x, limit):
    count = 0
    while x.norm() <= limit:
        x = x * 2
        count += 1
    return x, count

def doubling_gradient(x, limit):
    x = x.clone().requires_grad_()
    doubled(x, limit)[0].sum().backward()
    return x.grad
