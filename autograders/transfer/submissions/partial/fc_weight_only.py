# Forgets the bias of the new layer.
# base: solution
# expected: all parameters=0
# %% parameters_choose
def choose_parameters(model, head_only):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name == "fc.weight" or not head_only
    return [model.fc.weight] if head_only else list(model.parameters())[:-1]
