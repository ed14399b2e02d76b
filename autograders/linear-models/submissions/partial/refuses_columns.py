# Refuses every pair of different shapes, also a column and a vector of the same n.
# base: solution
# expected: all broadcast=0.5
# %% broadcast_loss
def safe_mse(prediction, target):
    if prediction.shape != target.shape or prediction.ndim != 1:
        raise ValueError(f"{list(prediction.shape)} and {list(target.shape)}")
    return ((prediction - target) ** 2).mean()
