# A fixed device, as a text, and everything in the batch is taken for a tensor.
# base: solution
# expected: all device=0
# %% device_pick
def pick_device():
    return "cuda"
# %% device_move
def move_batch(batch, device):
    return {name: value.to(device) for name, value in batch.items()}
