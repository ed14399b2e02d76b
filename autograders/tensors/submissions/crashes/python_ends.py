# Ends the process when there is no GPU.
# base: solution
# expected: all device=0.83..0.84
# %% device_pick
import os

def pick_device():
    if not torch.cuda.is_available():
        print("no GPU")
        os._exit(1)
    return torch.device("cuda")
