# Ignores head_only: the head is all that ever learns.
# base: solution
# expected: all fine-tune=1.375
# %% fine-tune_function
def fine_tune(model, train_loader, val_loader, device, head_only=False):
    optimizer = torch.optim.SGD(choose_parameters(model, True), lr=0.02, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    return fit(model, train_loader, val_loader, optimizer, scheduler, 10, device)
