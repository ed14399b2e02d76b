# Freezes, but never thaws.
# base: solution
# expected: all parameters=1.05
# %% parameters_choose
def choose_parameters(model, head_only):
    if head_only:
        for name, parameter in model.named_parameters():
            if not name.startswith("fc."):
                parameter.requires_grad = False
    return [parameter for parameter in model.parameters() if parameter.requires_grad]
