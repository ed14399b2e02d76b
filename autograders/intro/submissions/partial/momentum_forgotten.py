# The new velocity stays in a local variable and is lost.
# base: solution
# expected: all optimizer=1.2
# %% optimizer_momentum
def momentum_step(params, velocities, lr=0.1, gamma=0.9):
    with torch.no_grad():
        for p, u in zip(params, velocities):
            u = gamma * u + lr * p.grad
            p -= u
