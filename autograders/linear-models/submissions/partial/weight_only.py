# Updates the weight and forgets the bias.
# base: solution
# expected: all layer=0.5
# %% layer_step
def layer_step(layer, X, y, lr):
    loss = ((layer(X).squeeze(1) - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        layer.weight -= lr * layer.weight.grad
    layer.zero_grad()
    return loss.item()
