# The tutorial's mistake: state_dict() shares the model's memory.
# base: solution
# expected: all snapshot=0.1
# %% snapshot_copy
def snapshot(model):
    return model.state_dict()
