"""Makes the helper modules of this folder importable, and the environment's programs callable, from the tests; databases."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

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
# A busy machine is slow, and no test is about that.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.hookimpl(optionalhook=True)  # there is none without pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Side by side, tests that share a costly fixture stay in one process."""
    from support.side_by_side import ByUnit

    return ByUnit(config, log)


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
