"""Shell commands on files, done in Python, and never outside the notebook's folder."""

import tarfile
import zipfile

import pytest

from nbjudge.student.commands import run_command


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The notebook's folder, the current one; beside it lies a file that nothing may change."""
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "precious.txt").write_text("precious")
    monkeypatch.chdir(home)
    return home


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    ("line", "there"),
    [
        ("mkdir a", ["a"]),
        ("mkdir -p a/b c", ["a", "a/b", "c"]),
        ("mkdir -p a && touch a/x.txt", ["a", "a/x.txt"]),
        ("touch x; cp x y; mv x z", ["y", "z"]),
        ("touch x && rm x", []),
        ("mkdir -p a/b && rm -rf a", []),
        ("mkdir a && rmdir a", []),
        ("mkdir a; touch x; cp x a/; cp -r a b", ["a", "a/x", "b", "b/x", "x"]),
        ("mkdir a; cd a; touch x", ["a", "a/x"]),
        ("mkdir 'a b'; mv 'a b' c", ["c"]),
        ("touch a.txt b.txt c.py; rm *.txt", ["c.py"]),
        ("rm -f nothing; touch x", ["x"]),
        ("rm nothing 2>/dev/null || touch y", ["y"]),
        ("false_program && touch x", []),
        ("mkdir a a || touch failed", ["a", "failed"]),
    ],
)
def test_files_are_made_and_moved(folder, line, there):
    run_command(line, str(folder))
    assert files(folder) == there


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("echo a  b 'c  d'", ["a b c  d"]),
        ("echo one > f; echo two >> f; cat f", ["one", "two"]),
        ("touch b a .hidden; ls", ["a", "b"]),
        ("touch b .a; ls -a", [".a", "b"]),
        ("touch b; ls b", ["b"]),
        ("echo 1 > a; echo 2 > b; cat a b | tail -n 1", ["2"]),
        ("cat none", ["cat: none: No such file or directory"]),
        ("ls none", ["ls: none: No such file or directory"]),
        ("echo a > f; wc -l f", ["1 f"]),
        ("echo a > f; cat f | wc -l", ["1"]),
        ("echo x > f; head -3 f", ["x"]),
        ("echo 'no end", ["sh: No closing quotation"]),
    ],
)
def test_commands_print(folder, line, lines):
    assert run_command(line, str(folder))[0] == lines


@pytest.mark.parametrize(
    "line", ["g++ x.cpp", "wget https://example.org/x.zip", "pip install x", "python x.py", "ls | sort | g++"]
)
def test_what_is_not_run_is_named(folder, capsys, line):
    assert run_command(line, str(folder))[0] == []
    assert "is not run while grading" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    [
        "rm ../precious.txt",
        "rm -rf ..",
        "rm -rf .",
        "rm -rf /",
        "rm -rf ../home",
        "mv ../precious.txt x",
        "cp x ../precious.txt",
        "echo x > ../precious.txt",
        "echo x >> link",
        "rm -rf ~",
        "ln -s .. up; rm up/precious.txt",
        "rm up/precious.txt",
        "cd ..; rm precious.txt",
        "mkdir -p ../other/deep",
        "tar -xf evil.tar",
        "unzip evil.zip",
        "cd ..; tar -xf home/evil.tar",
        "unzip evil.zip -d ..",
        "touch ../precious2",
    ],
)
def test_nothing_outside_the_folder_changes(folder, line, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    (folder / "x").write_text("new")
    (folder / "up").symlink_to("..")
    (folder / "link").symlink_to("../precious.txt")
    with tarfile.open(folder / "evil.tar", "w") as archive:
        archive.add(folder / "x", "../precious.txt")
    with zipfile.ZipFile(folder / "evil.zip", "w") as archive:
        archive.write(folder / "x", "../precious.txt")
    run_command(line, str(folder))
    assert sorted(path.name for path in folder.parent.iterdir()) == ["home", "precious.txt"]
    assert (folder.parent / "precious.txt").read_text() == "precious"
    assert (folder / "x").read_text() == "new"


def test_archives_are_unpacked(folder):
    (folder / "a.txt").write_text("a")
    with tarfile.open("a.tar.gz", "w:gz") as archive:
        archive.add("a.txt")
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.write("a.txt")
    for line in (
        "unzip -q a.zip -d one",
        "mkdir two; tar -xzf a.tar.gz -C two",
        "mkdir three; tar xf a.tar.gz -C three",
    ):
        assert run_command(line, str(folder)) == ([], 0)
    assert {"one/a.txt", "two/a.txt", "three/a.txt"} <= set(files(folder))
    assert run_command("unzip -l a.zip", str(folder))[0] == ["        1  a.txt"]
    assert run_command("tar -tf a.tar.gz", str(folder))[0] == ["a.txt"]


def test_an_archive_that_holds_too_much_is_refused(folder, monkeypatch):
    with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(1 << 20))
    monkeypatch.setattr("nbjudge.student.commands.UNPACKED", 1 << 19)
    assert "more than can be unpacked" in run_command("unzip bomb.zip", str(folder))[0][0]
    assert files(folder) == ["bomb.zip"]


def test_a_notebook_gets_lines_with_helpers(run):
    get, output = run(
        "!mkdir -p data\n!touch data/a.txt data/b.txt\nfiles = !ls data\nname = 'data/a.txt'\n!rm {name}\n"
        "x = files.n, files.s, list(files.fields(0)), list(files)\nleft = !ls $name\nleft = list(left)\n!echo shown\nnone = !nvidia-smi\nnone = list(none)"
    )
    assert get("x") == ("a.txt\nb.txt", "a.txt b.txt", ["a.txt", "b.txt"], ["a.txt", "b.txt"])
    assert get("left") == ["ls: data/a.txt: No such file or directory"] and get("none") == []
    assert "shown\n" in output and "[!nvidia-smi is not run while grading]" in output
