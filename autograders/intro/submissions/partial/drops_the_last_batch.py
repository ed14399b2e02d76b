# Passes whole mini-batches only.
# base: solution
# expected: all mnist-evaluate=0.6
# %% mnist-evaluate_function
def evaluate(model, X, y, batch_size=64):
    model.eval()
    loss, correct, count = 0.0, 0, 0
    with torch.no_grad():
        for start in range(0, len(X) - batch_size + 1, batch_size):
            images, labels = X[start : start + batch_size], y[start : start + batch_size]
            out = model(images)
            loss += F.nll_loss(out, labels, reduction="sum").item()
            correct += (out.argmax(dim=-1) == labels).sum().item()
            count += len(labels)
    return loss / count, correct / count
