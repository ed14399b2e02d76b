# cat joins the images along their height.
# base: solution
# expected: all joining=0.71..0.72
# %% joining_batch
def as_batch(images):
    return torch.cat(images).unsqueeze(0).unsqueeze(0)

def unbatch(batch):
    return list(batch.squeeze(1))
