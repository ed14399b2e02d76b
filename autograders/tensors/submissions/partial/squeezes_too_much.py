# squeeze() without a dimension also removes a batch of one and one-pixel sides; ones are always float32.
# base: solution
# expected: all joining=0.71..0.72
# %% joining_batch
def as_batch(images):
    return torch.stack(images)[:, None]

def unbatch(batch):
    return list(batch.squeeze())
# %% joining_ones
def add_ones(X):
    return torch.cat([X, torch.ones(len(X), 1)], dim=1)
