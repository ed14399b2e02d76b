"""Helpers of the hidden tests on autograd."""

import pytest

from nbjudge.testing import StudentError, require

OFF = "torch.inference_mode(), torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t)"


@pytest.fixture
def without_autograd(student):
    """without_autograd("f(x)", x=x): the value of the call where nothing can be recorded, whatever the code does.

    In inference mode whoever calls backward() gets an error; the hooks do the same for torch.func.grad.
    """

    def run(call, **inputs):
        copies = "[t.clone() for t in found] if isinstance(found, (tuple, list)) else found.clone()"
        code = f"import torch\nwith {OFF}:\n    found = {call}\n    result = {copies}\ndel found"
        try:
            return student.run(code, **inputs)["result"]
        except StudentError as error:
            require(
                False,
                f"it does not work without autograd: write the formula yourself ({error})",
                ru=f"без autograd это не работает: напишите формулу сами ({error})",
            )

    return run
