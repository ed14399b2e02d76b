# The Russian notebook, in the style of the well-known tutorial, with its two mistakes put right.
# base: solution ru
# expected: all
# %% parameters_choose
def choose_parameters(model, head_only):
    for param in model.parameters():
        param.requires_grad = True
    if head_only:
        for name, param in model.named_parameters():
            if not name.startswith("fc."):
                param.requires_grad = False
    # только те, что будем обучать
    return [p for p in model.parameters() if p.requires_grad]
# %% train-epoch_function
criterion = nn.CrossEntropyLoss()

def train_epoch(model, loader, optimizer, device):
    model.train(True)
    running_loss = 0.0
    for inputs, labels in loader:
        inputs = inputs.to(device)
        labels = labels.to(device)
        optimizer.zero_grad()
        with torch.set_grad_enabled(True):
            outputs = model(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
        running_loss += loss.item() * inputs.size(0)
    return running_loss / len(loader.dataset)
# %% evaluate_function
def evaluate(model, loader, device):
    model.train(False)
    running_loss, running_corrects = 0.0, 0
    for inputs, labels in loader:
        inputs = inputs.to(device)
        labels = labels.to(device)
        with torch.set_grad_enabled(False):
            outputs = model(inputs)
            _, preds = torch.max(outputs, 1)
            loss = criterion(outputs, labels)
        running_loss += loss.item() * inputs.size(0)
        running_corrects += torch.sum(preds == labels.data)
    размер = len(loader.dataset)
    return running_loss / размер, (running_corrects.double() / размер).item()
# %% fit_function
def fit(model, train_loader, val_loader, optimizer, scheduler, epochs, device):
    history = {"rate": [], "train_loss": [], "val_loss": [], "val_accuracy": []}
    best_model_wts = copy.deepcopy(model.state_dict())
    best_acc = -1.0
    for epoch in range(epochs):
        print(f"Эпоха {epoch}/{epochs - 1}")
        history["rate"].append(optimizer.param_groups[0]["lr"])
        history["train_loss"].append(train_epoch(model, train_loader, optimizer, device))
        scheduler.step()
        epoch_loss, epoch_acc = evaluate(model, val_loader, device)
        history["val_loss"].append(epoch_loss)
        history["val_accuracy"].append(epoch_acc)
        if epoch_acc > best_acc:
            best_acc = epoch_acc
            best_model_wts = copy.deepcopy(model.state_dict())
    print(f"Лучшая точность: {best_acc:.4f}")
    model.load_state_dict(best_model_wts)
    return history
# %% fine-tune_function
def fine_tune(model, train_loader, val_loader, device, head_only=False):
    optimizer_ft = torch.optim.SGD(choose_parameters(model, head_only), lr=0.01, momentum=0.9)
    exp_lr_scheduler = torch.optim.lr_scheduler.StepLR(optimizer_ft, step_size=7, gamma=0.1)
    return fit(model, train_loader, val_loader, optimizer_ft, exp_lr_scheduler, 15, device)
