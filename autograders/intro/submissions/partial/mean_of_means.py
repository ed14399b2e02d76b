# Averages the means of the mini-batches, though the last one is smaller.
# base: solution
# expected: all mnist-evaluate=0.7
# %% mnist-evaluate_function
def evaluate(model, X, y, batch_size=64):
    model.eval()
    losses, accuracies = [], []
    with torch.no_grad():
        for images, labels in minibatches(X, y, batch_size):
            out = model(images)
            losses.append(F.nll_loss(out, labels).item())
            accuracies.append((out.argmax(dim=-1) == labels).float().mean().item())
    return float(np.mean(losses)), float(np.mean(accuracies))
