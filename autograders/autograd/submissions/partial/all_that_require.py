# Takes requires_grad for enough, and forgets retain_grad: the intermediate gradients are None.
# base: solution
# expected: all leaves=0
# %% leaves_which
def receives_grad(t):
    return t.requires_grad
# %% leaves_neuron
def neuron_gradients(x, y, w1, w0):
    w1, w0 = w1.clone().requires_grad_(), w0.clone().requires_grad_()
    s = x * w1 + w0
    sigma = torch.sigmoid(s)
    loss = ((sigma - y) ** 2).mean()
    loss.backward()
    return {"w1": w1.grad, "w0": w0.grad, "s": s.grad, "sigma": sigma.grad}
