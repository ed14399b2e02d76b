# Features from inference mode: backward through the head refuses them. Inference tensors are only detached.
# base: solution
# expected: all no-grad=0.68..0.69
# %% no-grad_modules
def predict(model, x):
    with torch.no_grad():
        return model(x)

def apply_head(features, head, x):
    with torch.inference_mode():
        hidden = features(x)
    return head(hidden)
# %% no-grad_tensors
def straight_through(x):
    return x + (x.round() - x).detach()

def for_training(t):
    return t.detach()
