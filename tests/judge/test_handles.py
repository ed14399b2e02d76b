"""Objects that stay with the student: what tests can do with them, and what they cannot pretend."""

import pytest
from support.judging import program


def test_handles(judge):
    results, _ = judge(
        """
        @pytest.mark.exercise("ex")
        def test_it(student):
            net = student.Net(3)
            assert net.size == 3 and net[1] == 2 and len(net) == 3 and list(net) == [0, 1, 2] and 2 in net
            net.size = 4
            net["a"] = torch.ones(1)
            assert net.size == 4 and net.items == {"a": torch.ones(1)}
            assert student.total(net) == 4
            assert net.grow(2) is None and net(5) == 11
            assert repr(net) == "<your Net>"
            with pytest.raises(ZeroDivisionError):
                net.fail()
            with pytest.raises(AttributeError):
                net.nosuch
            assert not hasattr(net, "nosuch") and not hasattr(net, "__array__")
            assert [p.shape for p in student.layer().parameters()] == [torch.Size([1, 2]), torch.Size([1])]
            assert student.apply(student.get("total"), net) == 6
        """,
        program(
            """
            import torch
            class Net:
                def __init__(self, size): self.size = size; self.items = {}
                def __getitem__(self, i): return i + 1
                def __setitem__(self, k, v): self.items[k] = v
                def __len__(self): return self.size
                def __iter__(self): return iter(range(self.size))
                def __call__(self, x): return x + self.size
                def grow(self, n): self.size += n
                def fail(self): 1 / 0
            def total(net): return net.size
            def layer(): return torch.nn.Linear(2, 1)
            def apply(f, x): return f(x)
            """
        ),
    )
    assert (results["test_it"].status, results["test_it"].message) == ("passed", "")


LIAR = """
    import torch
    class Yes:
        __array_priority__ = 1e9
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None): return True
        def __array__(self, *a, **k): return None
        def yes(self, *a, **k): return True
        def me(self, *a, **k): return self
        __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = __instancecheck__ = yes
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __abs__ = __neg__ = __call__ = __getitem__ = me
        __hash__ = object.__hash__
        def __float__(self): return 1.0
        def __index__(self): return 1
        def __len__(self): return 1
        def __iter__(self): return iter((Yes(),))
        def __getattr__(self, name): return self
    class Tensor(torch.Tensor):
        __eq__ = lambda self, other: True
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None): return True
    class Float(float):
        __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
        __hash__ = float.__hash__
    class Str(str):
        __eq__ = lambda self, other: True
        __hash__ = str.__hash__
    def yes(*a): return Yes()
    def tensor(*a): return torch.zeros(2).as_subclass(Tensor)
    def number(*a): return Float(0)
    def text(*a): return Str("")
    def several(*a): return [Yes(), Yes()]
    """


@pytest.mark.parametrize("lie", ["yes", "tensor", "number", "text", "several"])
def test_lying_objects_pass_no_comparison(judge, lie):
    results, _ = judge(
        f"""
        mark = pytest.mark.exercise("ex")
        value = lambda student: student.{lie}()

        @mark
        def test_truth(student): assert student.{lie}() if "{lie}" != "several" else all(student.{lie}())
        @mark
        def test_equal(student): assert value(student) == 1
        @mark
        def test_unequal(student): assert all(v != 1 for v in [student.yes(), value(student)])
        @mark
        def test_less(student): assert value(student) < 1
        @mark
        def test_close(student): close(value(student), torch.ones(2))
        @mark
        def test_close_number(student): close(value(student), 1.0)
        @mark
        def test_assert_close(student): torch.testing.assert_close(value(student), torch.ones(2))
        @mark
        def test_equal_tensors(student): assert torch.equal(value(student), torch.ones(2))
        @mark
        def test_tensor(student): is_tensor(value(student))
        @mark
        def test_isinstance(student): assert isinstance(value(student), torch.Tensor)
        @mark
        def test_all(student): assert (value(student) == torch.ones(2)).all()
        @mark
        def test_float(student): assert float(value(student)) > 0.5
        @mark
        def test_in(student): assert value(student) in [1.0, "a"]
        @mark
        def test_finite(student): finite(value(student))
        @mark
        def test_decreasing(student): decreasing(value(student))
        @mark
        def test_accuracy(student, credit): credit((value(student) == torch.ones(2)).double().mean(), full=1, none=0)
        """,
        program(LIAR),
    )
    assert {name for name, result in results.items() if result.fraction > 0} == set()
    assert "broken_test" not in {result.status for result in results.values()}


def test_endless_and_huge_iterations_end(judge):
    results, _ = judge(
        """
        mark = pytest.mark.exercise("ex")

        @mark
        def test_generator(student):
            for _ in student.endless(): pass

        @mark
        def test_list(student):
            list(student.long())

        @mark
        def test_negative(student):
            len(student.negative())

        @mark
        def test_sequence(student):
            torch.tensor(student.long())
        """,
        program(
            """
            def endless():
                while True: yield 1
            class long:
                def __len__(self): return 1 << 40
                def __getitem__(self, i): return 1.0
            class negative:
                def __len__(self): return -1
            """
        ),
    )
    statuses = {name: result.status for name, result in results.items()}
    assert statuses["test_generator"] in ("error", "timeout")
    assert statuses["test_list"] == statuses["test_negative"] == "error"
    assert statuses["test_sequence"] in ("error", "timeout", "failed")
