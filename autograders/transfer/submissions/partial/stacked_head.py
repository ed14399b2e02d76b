# Puts the new layer behind the old one, and returns nothing.
# base: solution
# expected: all head=0
# %% head_replace
def replace_head(model, n_classes):
    model.fc = nn.Sequential(model.fc, nn.Linear(model.fc.out_features, n_classes))
