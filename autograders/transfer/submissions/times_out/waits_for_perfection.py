# Trains an epoch until the loss is zero.
# base: solution
# expected: all train-epoch=0
# %% train-epoch_function
def train_epoch(model, loader, optimizer, device):
    model.train()
    loss = torch.ones(())
    while loss > 0 or loss != 0 or True:
        for images, labels in loader:
            loss = F.cross_entropy(model(images.to(device)), labels.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return loss.item()
