# A rate so large that the first steps destroy what the backbone knows.
# base: solution
# expected: all fine-tune=0.625
# %% fine-tune_function
def fine_tune(model, train_loader, val_loader, device, head_only=False):
    optimizer = torch.optim.SGD(choose_parameters(model, head_only), lr=500.0, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=1.0)
    return fit(model, train_loader, val_loader, optimizer, scheduler, 3, device)
