"""What the project says of itself in several places is the same everywhere."""

from __future__ import annotations

import re
import tomllib

from support.places import ROOT

from nbjudge import __version__

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHON = "Programming Language :: Python :: "


def test_the_changelog_has_the_version() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    released = [heading for heading in headings if heading != "Unreleased"]
    assert re.fullmatch(rf"{re.escape(__version__)} \(\d{{4}}-\d\d-\d\d\)", released[0])
    assert released == sorted(released, key=lambda heading: heading.split()[1], reverse=True)


def test_the_workflow_runs_every_python_that_the_package_supports() -> None:
    versions = [
        name.removeprefix(PYTHON) for name in PROJECT["classifiers"] if name.startswith(f"{PYTHON}3.")
    ]
    matrix = re.search(r"python: \[(.+)\]", (ROOT / ".github/workflows/ci.yml").read_text())
    assert matrix and re.findall(r'"([\d.]+)"', matrix[1]) == versions
    assert PROJECT["requires-python"] == f">={versions[0]}"


def test_the_commit_hooks_use_programs_that_come_with_the_development_tools() -> None:
    config = (ROOT / ".pre-commit-config.yaml").read_text()
    programs = set(re.findall(r"entry: \.venv/bin/(\S+)", config))
    tools = {re.split(r"[<>=]", tool)[0] for tool in PROJECT["optional-dependencies"]["dev"]}
    assert programs == {"ruff", "mypy", "codespell"} and programs <= tools
    assert config.count("repo: ") == config.count("repo: local")  # nothing is fetched
