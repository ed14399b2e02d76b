# Lets autograd find the network's gradients.
# base: solution
# expected: all backprop=0.75
# %% backprop_network
def network_gradients(X, Y, W1, b1, W2, b2):
    weights = [w.detach().clone().requires_grad_() for w in (W1, b1, W2, b2)]
    out = torch.tanh(X @ weights[0] + weights[1]) @ weights[2] + weights[3]
    error = ((out - Y) ** 2).mean()
    error.backward()
    return (error.detach(), *(w.grad for w in weights))
