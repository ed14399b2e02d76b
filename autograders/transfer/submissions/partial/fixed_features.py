# Knows the number of features by heart; that it starts from zeros is allowed.
# base: solution
# expected: all head=0.6
# %% head_replace
def replace_head(model, n_classes):
    model.fc = nn.Linear(256, n_classes)
    nn.init.zeros_(model.fc.weight)
    return model
