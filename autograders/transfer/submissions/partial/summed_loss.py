# Takes steps along the gradient of the sum, and returns the sum of the batches' losses.
# base: solution
# expected: all train-epoch=0.2
# %% train-epoch_function
def train_epoch(model, loader, optimizer, device):
    model.train()
    total = 0.0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        loss = F.cross_entropy(model(images), labels, reduction="sum")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total
