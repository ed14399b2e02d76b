# Leaves the model in training mode and records gradients.
# base: solution
# expected: all evaluate=0.6
# %% evaluate_function
def evaluate(model, loader, device):
    total, correct, count = 0.0, 0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        logits = model(images)
        total += F.cross_entropy(logits, labels, reduction="sum").item()
        correct += (logits.argmax(dim=1) == labels).sum().item()
        count += len(labels)
    return total / count, correct / count
