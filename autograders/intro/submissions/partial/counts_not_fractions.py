# Logs the number of right answers in a mini-batch, not their fraction.
# base: solution
# expected: all mnist-train=1.9
# %% mnist-train_epoch
def train_epoch(model, optimizer, X, y, batch_size=32):
    model.train()
    losses, accuracies = [], []
    for images, labels in minibatches(X, y, batch_size, shuffle=True):
        out = model(images)
        loss = F.nll_loss(out, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        accuracies.append((out.argmax(dim=-1) == labels).sum().item())
    return losses, accuracies
