# Decorators, comprehensions, a generator, AdamW with a cosine schedule.
# base: solution
# expected: all
# %% head_replace
def replace_head(model, n_classes):
    in_features = model.fc.weight.shape[1]
    setattr(model, "fc", nn.Linear(in_features, n_classes))
    return model
# %% parameters_choose
def choose_parameters(model, head_only):
    model.requires_grad_(not head_only)
    model.fc.requires_grad_(True)
    return list(model.fc.parameters() if head_only else model.parameters())
# %% train-epoch_function
def train_epoch(model, loader, optimizer, device):
    model.train()
    losses = []
    for batch in loader:
        x, y = [t.to(device, non_blocking=True) for t in batch]
        optimizer.zero_grad(set_to_none=True)
        each = F.cross_entropy(model(x), y, reduction="none")
        each.mean().backward()
        optimizer.step()
        losses += each.tolist()
    return sum(losses) / len(losses)
# %% evaluate_function
@torch.inference_mode()
def evaluate(model, loader, device):
    model.eval()
    outputs, answers = [], []
    for x, y in loader:
        outputs.append(model(x.to(device)))
        answers.append(y.to(device))
    outputs, answers = torch.cat(outputs), torch.cat(answers)
    accuracy = (outputs.max(1).indices == answers).float().mean()
    return F.cross_entropy(outputs, answers).item(), accuracy.item()
# %% snapshot_copy
def snapshot(model):
    return {key: tensor.detach().clone() for key, tensor in model.state_dict().items()}
# %% fit_function
def fit(model, train_loader, val_loader, optimizer, scheduler, epochs, device):
    rows, kept = [], []
    for epoch in range(epochs):
        rate = scheduler.get_last_lr()[0]
        train_loss = train_epoch(model, train_loader, optimizer, device)
        rows.append((rate, train_loss, *evaluate(model, val_loader, device)))
        scheduler.step()
        kept.append(snapshot(model))
    accuracies = [row[-1] for row in rows]
    model.load_state_dict(kept[accuracies.index(max(accuracies))])
    return dict(zip(("rate", "train_loss", "val_loss", "val_accuracy"), map(list, zip(*rows))))
# %% fine-tune_function
def fine_tune(model, train_loader, val_loader, device, head_only=False):
    epochs = 12
    opt = torch.optim.AdamW(choose_parameters(model, head_only), lr=3e-3)
    return fit(model, train_loader, val_loader, opt, torch.optim.lr_scheduler.CosineAnnealingLR(opt, epochs), epochs, device)
