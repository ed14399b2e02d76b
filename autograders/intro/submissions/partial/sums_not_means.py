# Forgets to divide by the number of samples.
# base: solution
# expected: all mnist-evaluate=0.3
# %% mnist-evaluate_function
def evaluate(model, X, y, batch_size=64):
    model.eval()
    loss, correct = 0.0, 0.0
    with torch.no_grad():
        for images, labels in minibatches(X, y, batch_size):
            out = model(images)
            loss += F.nll_loss(out, labels, reduction="sum").item()
            correct += (out.argmax(dim=-1) == labels).sum().item()
    return loss, correct
