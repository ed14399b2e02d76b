"""Makes the helper modules of this folder importable, and the environment's programs callable, from the tests; databases."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from nbjudge.sandbox import Zygote

collect_ignore = ["hostile"]  # attacks, graded by test_hostile.py; some are called test_*.py
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "tools")]
from support import postgres  # noqa: E402

os.environ.pop("NBJUDGE_DATABASE", None)  # somebody's real grades
if not Path("/sys/fs/cgroup/cgroup.controllers").exists():  # podman's default runtime refuses such a kernel
    os.environ.setdefault("CONTAINERS_CONF", str(Path(__file__).with_name("support") / "containers.conf"))
# nbgrader calls alembic by name; pytest may have been called by its path.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in this hook, too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Beside other tests (`make test`, pytest-xdist) those that share a fixture stay in one process, which makes it once."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None and (shared := _shared_fixture(item)):
            item.add_marker(pytest.mark.xdist_group(shared))


def _shared_fixture(item: pytest.Item) -> str:
    """The widest of our fixtures that outlive the test, "" if it has none."""
    found: dict[str, str] = {}
    for name, definitions in item._fixtureinfo.name2fixturedefs.items():  # type: ignore[attr-defined]
        if definitions[-1].baseid.startswith("tests"):
            found[definitions[-1].scope] = name
    module = item.nodeid.partition("::")[0]
    return found.get("session") or (module if "module" in found else "")


@pytest.fixture(scope="session")
def zygote() -> "Iterator[Zygote]":
    """A warm zygote without walls, for the whole run: each of its students is a fork that nothing outlives.

    Tests of the walls, and tests that kill or tire a zygote, start their own.
    """
    from nbjudge.sandbox import Zygote

    with Zygote("none") as zygote:
        zygote.wait_until_warm()
        yield zygote


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[postgres.Server]":
    """A real PostgreSQL server, for the whole run."""
    pytest.importorskip("psycopg", reason="no PostgreSQL driver: pip install 'nbjudge[postgresql]'")
    programs = postgres.find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server on this machine: apt-get install postgresql")
    with postgres.serve(programs) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Both kinds of database for the courses of a test: the file that they name, and an empty one on a server."""
    yield from _choose_database(request)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """The same, for all tests of a module together."""
    yield from _choose_database(request)


def _choose_database(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "sqlite":
        yield
        return
    server = request.getfixturevalue("postgres_server")
    with server.make_database() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NBJUDGE_DATABASE", url)
        yield
