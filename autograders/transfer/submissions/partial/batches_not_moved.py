# Works on the CPU only, and averages the means of the batches.
# base: solution
# expected: all train-epoch=1.1
# %% train-epoch_function
def train_epoch(model, loader, optimizer, device):
    model.train()
    losses = []
    for images, labels in loader:
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)
