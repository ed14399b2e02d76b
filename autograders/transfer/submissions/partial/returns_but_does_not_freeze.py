# Returns the right parameters, but all of them go on computing gradients.
# base: solution
# expected: all parameters=0.75
# %% parameters_choose
def choose_parameters(model, head_only):
    return list(model.fc.parameters()) if head_only else list(model.parameters())
