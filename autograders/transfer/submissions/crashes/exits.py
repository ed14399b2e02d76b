# Ends the process when the weights are to be kept.
# base: solution
# expected: all snapshot=0
# %% snapshot_copy
import os

def snapshot(model):
    os._exit(1)
