# Flattens both and lets a wrong number of elements broadcast or fail by itself.
# base: solution
# expected: all broadcast=0.5
# %% broadcast_loss
def safe_mse(prediction, target):
    return ((prediction.flatten() - target.flatten()) ** 2).mean()
