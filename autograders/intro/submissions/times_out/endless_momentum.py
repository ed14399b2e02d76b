# An endless loop in one function. The other exercises keep their points.
# base: solution
# expected: all optimizer=1
# %% optimizer_momentum
def momentum_step(params, velocities, lr=0.1, gamma=0.9):
    i = 0
    while i < len(params):
        velocities[i] = gamma * velocities[i] + lr * params[i].grad
