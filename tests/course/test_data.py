"""The committed data: what it is, that hidden digits stay hidden, and where it can be rebuilt from."""

import data_sets
import numpy as np
import pytest
from support.places import ROOT

from nbjudge.errors import CourseError


@pytest.fixture(scope="module")
def notebook_digits():
    return data_sets.read_arrays(ROOT / "source/intro/mnist.npz")


@pytest.fixture(scope="module")
def hidden_digits():
    return data_sets.read_arrays(ROOT / "autograders/intro/hidden_digits.npz")


def everything(notebook, hidden):
    """The 5,000 digits again, images and labels."""
    images = np.concatenate([notebook["X_train"], notebook["X_val"], hidden["X"]])
    return images, np.concatenate([notebook["y_train"], notebook["y_val"], hidden["y"]])


def test_committed_files_are_the_recorded_ones():
    assert data_sets.check_files(ROOT) == []


def test_a_changed_or_missing_file_is_named(tmp_path):
    for path in data_sets.FILES:
        data_sets.write_arrays(tmp_path / path, data_sets.read_arrays(ROOT / path))
    name = "source/intro/mnist.npz"
    changed = {key: array.copy() for key, array in data_sets.read_arrays(tmp_path / name).items()}
    changed["X_val"][0, 14, 14] ^= 1
    data_sets.write_arrays(tmp_path / name, changed)
    (tmp_path / "autograders/intro/hidden_digits.npz").unlink()
    assert data_sets.check_files(tmp_path) == [name, "autograders/intro/hidden_digits.npz"]


def test_housing_has_scikit_learns_columns():
    housing = data_sets.read_arrays(ROOT / "source/intro/california_housing.npz")
    assert housing["X"].shape == (20640, 8) and housing["X"].dtype == np.float64
    assert housing["y"].shape == (20640,)
    np.testing.assert_allclose(housing["X"][0, [0, 1, 4, 6, 7]], [8.3252, 41, 322, 37.88, -122.23])
    assert housing["y"][0] == 4.526
    latitude, longitude = housing["X"][:, 6], housing["X"][:, 7]
    assert 32 < latitude.min() < latitude.max() < 42.5 and -125 < longitude.min() < longitude.max() < -114


def test_digits_are_split_evenly(notebook_digits, hidden_digits):
    for labels, each in (
        (notebook_digits["y_train"], 350),
        (notebook_digits["y_val"], 50),
        (hidden_digits["y"], 100),
    ):
        assert np.bincount(labels).tolist() == [each] * 10
    assert notebook_digits["X_train"].shape == (3500, 28, 28)
    assert hidden_digits["X"].dtype == np.uint8


def test_no_digit_stands_in_two_parts(notebook_digits, hidden_digits):
    images, _ = everything(notebook_digits, hidden_digits)
    assert len({image.tobytes() for image in images}) == 5000


def test_labels_are_not_sorted(notebook_digits, hidden_digits):
    for labels in (notebook_digits["y_train"], notebook_digits["y_val"], hidden_digits["y"]):
        assert len(set(labels[:50].tolist())) > 5


def test_the_split_does_not_depend_on_the_order(notebook_digits, hidden_digits):
    images, labels = everything(notebook_digits, hidden_digits)
    order = np.random.default_rng(3).permutation(len(images))
    notebook, hidden = data_sets.split_digits({"X": images[order], "y": labels[order]})
    assert data_sets.digest(notebook) == data_sets.digest(notebook_digits)
    assert data_sets.digest(hidden) == data_sets.digest(hidden_digits)


def test_digest_is_of_the_values():
    array = np.arange(6.0).reshape(2, 3)
    same = data_sets.digest({"X": array, "y": array[0]})
    assert data_sets.digest({"y": array[0], "X": np.asfortranarray(array)}) == same
    for other in (array + 1, array.astype("f4"), array.reshape(3, 2)):
        assert data_sets.digest({"X": other, "y": array[0]}) != same
    assert data_sets.digest({"Z": array, "y": array[0]}) != same


@pytest.mark.parametrize("name", data_sets.DATASETS)
def test_rebuilt_from_the_package(name, tmp_path):
    try:
        arrays = data_sets.load_dataset(name)
    except CourseError as error:
        pytest.skip(str(error))
    rebuilt = {"california-housing": arrays} if name == "california-housing" else {}
    if name == "mnist-5k":
        rebuilt["notebook"], rebuilt["hidden"] = data_sets.split_digits(arrays)
    assert {data_sets.digest(part) for part in rebuilt.values()} <= set(data_sets.FILES.values())


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """toy(**changes): registers a data set "toy" that a package `toy_carrier` holds as text."""
    folder = tmp_path / "packages" / "toy_carrier"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('located, never imported')")
    (folder / "toy.csv").write_text("1,2\n3,4\n")
    monkeypatch.syspath_prepend(str(folder.parent))

    def read(path):
        return {"X": np.loadtxt(path, delimiter=",")}

    def register(**changes):
        values = {"package": "toy_carrier", "install": "toy==1", "file": "toy.csv", "read": read}
        values["sha256"] = data_sets.digest({"X": np.array([[1.0, 2.0], [3.0, 4.0]])})
        monkeypatch.setitem(data_sets.DATASETS, "toy", data_sets.Dataset(name="toy", **(values | changes)))
        return tmp_path / "cache"

    return register


def test_the_package_is_located_without_importing_it(toy):
    cache = toy()
    assert data_sets.load_dataset("toy", cache)["X"].tolist() == [[1, 2], [3, 4]]
    assert [path.name for path in cache.iterdir()] == ["toy.npz"]


def test_the_cache_comes_first_and_is_checked(toy):
    cache = toy()
    data_sets.load_dataset("toy", cache)
    toy(package="gone")
    assert data_sets.load_dataset("toy", cache)["X"].tolist() == [[1, 2], [3, 4]]
    data_sets.write_arrays(cache / "toy.npz", {"X": np.zeros(3)})
    with pytest.raises(CourseError, match=r"toy\.npz: not the data"):
        data_sets.load_dataset("toy", cache)


def test_another_version_of_the_data_is_refused_and_not_cached(toy):
    cache = toy(sha256="0" * 64)
    with pytest.raises(CourseError, match=r"toy\.csv: not the data that this course was made with"):
        data_sets.load_dataset("toy", cache)
    assert not cache.exists()


def test_without_package_and_network_the_cure_is_named(toy):
    def offline():
        raise OSError("no route to host")

    cache = toy(package="gone", download=offline)
    with pytest.raises(
        CourseError, match=r"no route to host.*Without internet, run: pip install --no-deps toy==1"
    ):
        data_sets.load_dataset("toy", cache)
    toy(package="gone")
    with pytest.raises(CourseError, match=r"'toy': not on this machine\. Run: pip install --no-deps toy==1"):
        data_sets.load_dataset("toy", cache)


def test_an_unknown_name():
    with pytest.raises(CourseError, match="'iris' is unknown; there is: california-housing, mnist-5k"):
        data_sets.load_dataset("iris")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut"])
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(CourseError, match=r"x\.npz: not a readable \.npz"):
        data_sets.read_arrays(path)


def test_nothing_is_unpickled(tmp_path):
    np.savez(tmp_path / "x.npz", X=np.array([{"a": 1}], dtype=object))
    with pytest.raises(CourseError, match="not a readable"):
        data_sets.read_arrays(tmp_path / "x.npz")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.npz"
    data_sets.write_arrays(path, {"X": np.ones(2)})
    with pytest.raises(ValueError, match="pickle"):
        data_sets.write_arrays(path, {"X": np.array([object()])})
    assert data_sets.read_arrays(path)["X"].tolist() == [1, 1]
    assert [p.name for p in tmp_path.iterdir()] == ["x.npz"]


def test_the_command_compares(monkeypatch, capsys):
    monkeypatch.chdir(ROOT / "docs")
    assert data_sets.main(["--check"]) == 0
    assert capsys.readouterr().out.split() == [word for path in data_sets.FILES for word in ("ok", path)]
    assert data_sets.main(["--chekc"]) == 2
