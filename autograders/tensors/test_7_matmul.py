import pytest
import torch

from nbjudge.testing import close, unchanged

pytestmark = pytest.mark.limits(seconds=5)  # each call takes milliseconds


@pytest.mark.exercise("matmul")
def test_apply_each(student):
    """`apply_each` multiplies each matrix by its own vector.

    ru: `apply_each` умножает каждую матрицу на её собственный вектор.
    """
    for b, n, m in ((5, 2, 3), (2, 4, 3)):
        matrices, vectors = torch.randn(b, n, m), torch.randn(b, m)
        names = student.run("out = apply_each(matrices, vectors)", matrices=matrices, vectors=vectors)
        expected = torch.stack([matrices[i] @ vectors[i] for i in range(b)])
        close(names["out"], expected, rtol=1e-4, atol=1e-5)
        unchanged(names, matrices=matrices, vectors=vectors)


@pytest.mark.exercise("matmul")
def test_apply_each_where_sizes_are_equal_or_one(student):
    """`apply_each` with as many matrices as rows and columns, with one matrix, with matrices of one row.

    ru: `apply_each`, когда матриц столько же, сколько строк и столбцов, когда матрица одна или в матрице одна строка.
    """
    for b, n, m in ((3, 3, 3), (1, 4, 2), (4, 1, 3), (3, 2, 1)):
        matrices, vectors = torch.randn(b, n, m), torch.randn(b, m)
        expected = torch.stack([matrices[i] @ vectors[i] for i in range(b)])
        close(student.apply_each(matrices, vectors), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.exercise("matmul")
def test_gram(student):
    """`gram` gives the products of all pairs of rows, sample by sample.

    ru: `gram` вычисляет произведения всех пар строк отдельно для каждого примера.
    """
    for b, n, d in ((4, 2, 3), (2, 5, 3), (3, 3, 3)):
        X = torch.randn(b, n, d)
        expected = torch.stack([sample @ sample.T for sample in X])
        names = student.run("products = gram(X)", X=X)
        close(names["products"], expected, rtol=1e-4, atol=1e-5)
        unchanged(names, X=X)


@pytest.mark.exercise("matmul")
def test_gram_of_any_batch(student):
    """`gram` takes one sample alone, and batches of batches.

    ru: `gram` принимает и один пример, и батч батчей.
    """
    X = torch.randn(2, 3, 4, 5)
    expected = torch.stack([torch.stack([sample @ sample.T for sample in group]) for group in X])
    close(student.gram(X), expected, rtol=1e-4, atol=1e-5)
    close(student.gram(X[0, 0]), expected[0, 0], rtol=1e-4, atol=1e-5)
