# DESC: replaces what the process asks when it keeps an exercise's state, so that keeping it hangs, and ends the process later
# SUCCESS: a grader that waits for ever or loses the neighbours; its own other exercises that are not judged
# DETECT: state
# KIND: cell
# SCORES: any
# WALLS: judge
import builtins, os, time, torch, warnings

calls = []


def hang(*_):
    calls.append(1)
    if len(calls) > 2:
        os._exit(0)
    time.sleep(3600)


torch.is_grad_enabled = torch.get_default_dtype = torch.set_grad_enabled = hang
warnings._filters_mutated = hang


def double(x):
    return 2 * x
