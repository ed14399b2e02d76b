# Trains the network with gradients that pile up, and returns the last loss only.
# base: solution
# expected: all relu-network=0.4
# %% relu-network_fit
def fit_network(model, X, y, steps, lr):
    for _ in range(steps):
        loss = ((model(X) - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= lr * parameter.grad
    return [loss.item()]
