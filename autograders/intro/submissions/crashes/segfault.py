# Reads address 0.
# base: solution
# expected: all sin2-cos2=0.4
# %% sin2-cos2_function
import ctypes

def sin2_plus_cos2(x):
    return ctypes.string_at(0)
