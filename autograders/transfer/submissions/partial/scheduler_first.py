# The tutorial's other mistake: the scheduler steps at the beginning of the epoch.
# base: solution
# expected: all fit=0.2143
# %% fit_function
def fit(model, train_loader, val_loader, optimizer, scheduler, epochs, device):
    history = {"rate": [], "train_loss": [], "val_loss": [], "val_accuracy": []}
    best = None
    for _ in range(epochs):
        scheduler.step()
        history["rate"].append(optimizer.param_groups[0]["lr"])
        history["train_loss"].append(train_epoch(model, train_loader, optimizer, device))
        val_loss, val_accuracy = evaluate(model, val_loader, device)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_accuracy)
        if best is None or val_accuracy > best[0]:
            best = val_accuracy, snapshot(model)
    model.load_state_dict(best[1])
    return history
