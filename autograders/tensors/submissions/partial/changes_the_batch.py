# Writes the moved tensors into the given dictionary.
# base: solution
# expected: all device=0.66..0.67
# %% device_move
def move_batch(batch, device):
    for name, value in batch.items():
        if isinstance(value, torch.Tensor):
            batch[name] = value.to(device)
    return batch
