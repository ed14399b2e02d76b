# Moves the parameter before the velocity is new.
# base: solution
# expected: all optimizer=1
# %% optimizer_momentum
def momentum_step(params, velocities, lr=0.1, gamma=0.9):
    with torch.no_grad():
        for p, u in zip(params, velocities):
            p -= u
            u *= gamma
            u += lr * p.grad
