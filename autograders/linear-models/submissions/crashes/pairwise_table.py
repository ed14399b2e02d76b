# Builds the table of all pairs many times over and runs out of memory.
# base: solution
# expected: all broadcast=0
# %% broadcast_loss
def safe_mse(prediction, target):
    table = torch.ones(len(prediction), 60_000_000_000) * target.sum()
    return table.mean()
