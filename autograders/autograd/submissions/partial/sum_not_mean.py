# The sum of the squares instead of their mean.
# base: solution
# expected: all leaves=0.4
# %% leaves_neuron
def neuron_gradients(x, y, w1, w0):
    w1, w0 = w1.clone().requires_grad_(), w0.clone().requires_grad_()
    s = x * w1 + w0
    sigma = torch.sigmoid(s)
    s.retain_grad()
    sigma.retain_grad()
    ((sigma - y) ** 2).sum().backward()
    return {"w1": w1.grad, "w0": w0.grad, "s": s.grad, "sigma": sigma.grad}
