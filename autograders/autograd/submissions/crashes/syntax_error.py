# A bracket is missing: the cell defines nothing. What calls its functions fails too, the other exercises don't.
# base: solution
# expected: all backprop=0
# %% backprop_layers
def linear_backward(X, W, G):
    return (G @ W.T, X.T @ G, G.sum(dim=0)

def tanh_backward(A, G):
    return G * (1 - A**2)
