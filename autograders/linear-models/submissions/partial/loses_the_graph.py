# Computes the loss on detached values.
# base: solution
# expected: all broadcast=0.8125
# %% broadcast_loss
def safe_mse(prediction, target):
    shapes = list(prediction.shape), list(target.shape)
    if any(shape not in ([len(prediction.flatten())], [len(prediction.flatten()), 1]) for shape in shapes):
        raise ValueError(f"{shapes[0]} and {shapes[1]}")
    return ((prediction.detach().flatten() - target.flatten()) ** 2).mean()
