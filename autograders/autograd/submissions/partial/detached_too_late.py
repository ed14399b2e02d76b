# Detaches results instead of not recording, freezes parameters for good, and cuts rounding off altogether.
# base: solution
# expected: all no-grad=0.68..0.69
# %% no-grad_modules
def predict(model, x):
    return model(x).detach()

def apply_head(features, head, x):
    for parameter in features.parameters():
        parameter.requires_grad = False
    return head(features(x))
# %% no-grad_tensors
def straight_through(x):
    return x.round().detach()

def for_training(t):
    return t.clone()
