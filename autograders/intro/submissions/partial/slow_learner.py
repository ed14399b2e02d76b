# Everything is right but the learning rate: the accuracy earns a part of its points.
# base: solution
# expected: all mnist-train=1.2..1.9
# %% mnist-train_network
def train_network(model, X_train, y_train, X_val, y_val, epochs=8, batch_size=32):
    history = {"train_loss": [], "train_accuracy": [], "val_loss": [], "val_accuracy": []}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.006)
    for _ in range(epochs):
        losses, accuracies = train_epoch(model, optimizer, X_train, y_train, batch_size)
        loss, accuracy = evaluate(model, X_val, y_val)
        for name, value in zip(history, (np.mean(losses), np.mean(accuracies), loss, accuracy)):
            history[name].append(float(value))
    return history
