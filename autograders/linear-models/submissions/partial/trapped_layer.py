# Falls into the trap: [n, 1] - [n].
# base: solution
# expected: all layer=0.1667
# %% layer_step
def layer_step(layer, X, y, lr):
    loss = ((layer(X) - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        layer.weight -= lr * layer.weight.grad
        layer.bias -= lr * layer.bias.grad
    layer.zero_grad()
    return loss.item()
