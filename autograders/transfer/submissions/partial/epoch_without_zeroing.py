# Never zeroes the gradients and stays in whatever mode the model was in.
# base: solution
# expected: all train-epoch=0.5
# %% train-epoch_function
def train_epoch(model, loader, optimizer, device):
    total, count = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count
