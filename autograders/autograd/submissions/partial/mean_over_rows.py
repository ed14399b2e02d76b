# The bias gets the mean of the rows of G, and the error is divided by the number of rows only.
# base: solution
# expected: all backprop=0.5
# %% backprop_layers
def linear_backward(X, W, G):
    return G @ W.T, X.T @ G, G.mean(dim=0)

def tanh_backward(A, G):
    return G * (1 - A**2)
# %% backprop_network
def network_gradients(X, Y, W1, b1, W2, b2):
    A = torch.tanh(X @ W1 + b1)
    error = A @ W2 + b2 - Y
    G = 2 * error / len(X)
    grad_A, grad_W2, grad_b2 = linear_backward(A, W2, G)
    _, grad_W1, grad_b1 = linear_backward(X, W1, tanh_backward(A, grad_A))
    return (error**2).mean(), grad_W1, grad_b1, grad_W2, grad_b2
