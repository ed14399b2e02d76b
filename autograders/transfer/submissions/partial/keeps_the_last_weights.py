# Finds the best epoch, but leaves the model with the last weights.
# base: solution
# expected: all fit=0.5357
# %% fit_function
def fit(model, train_loader, val_loader, optimizer, scheduler, epochs, device):
    history = {"rate": [], "train_loss": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        history["rate"].append(optimizer.param_groups[0]["lr"])
        history["train_loss"].append(train_epoch(model, train_loader, optimizer, device))
        scheduler.step()
        val_loss, val_accuracy = evaluate(model, val_loader, device)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_accuracy)
    return history
