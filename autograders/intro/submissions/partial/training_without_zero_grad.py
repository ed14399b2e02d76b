# Gradients of all mini-batches pile up.
# base: solution
# expected: all mnist-train=0.4..1.5
# %% mnist-train_epoch
def train_epoch(model, optimizer, X, y, batch_size=32):
    model.train()
    losses, accuracies = [], []
    for images, labels in minibatches(X, y, batch_size, shuffle=True):
        out = model(images)
        loss = F.nll_loss(out, labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        accuracies.append((out.argmax(dim=-1) == labels).float().mean().item())
    return losses, accuracies
