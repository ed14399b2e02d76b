# Trains the network with gradients that pile up, which may learn some of a curve by chance, and returns the last loss only.
# base: solution
# expected: all relu-network=0.4..0.6
# %% relu-network_fit
def fit_network(model, X, y, steps, lr):
    for _ in range(steps):
        loss = ((model(X) - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= lr * parameter.grad
    return [loss.item()]
