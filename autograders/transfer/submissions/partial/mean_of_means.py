# Averages the means of the batches, returns tensors, and moves nothing.
# base: solution
# expected: all evaluate=0.4
# %% evaluate_function
def evaluate(model, loader, device):
    model.eval()
    losses, accuracies = [], []
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            losses.append(F.cross_entropy(logits, labels))
            accuracies.append((logits.argmax(dim=1) == labels).double().mean())
    return torch.stack(losses).mean(), torch.stack(accuracies).mean()
