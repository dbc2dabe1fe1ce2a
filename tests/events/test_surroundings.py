"""What an event tells of the interpreter, the machine, the installed packages and the program's commit."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from raven.events import surroundings
from raven.events.surroundings import contexts, modules, release

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "fedcba9876543210fedcba9876543210fedcba98"


def test_the_contexts_name_the_interpreter_the_system_and_the_machine() -> None:
    found = contexts()
    assert found["runtime"]["name"] == platform.python_implementation()
    assert found["runtime"]["version"] == platform.python_version()
    assert found["os"]["name"] == platform.system()
    assert found["device"]["processor_count"] == os.cpu_count()
    json.dumps(found, allow_nan=False).encode()


# Packages


@pytest.fixture
def on_path(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    """`on_path(*entries)`: the modules that are found when this is the path."""

    def find(*entries: Any) -> dict[str, str]:
        monkeypatch.setattr(sys, "path", list(entries))
        return modules.__wrapped__()

    return find


def test_the_installed_packages_are_found_with_their_versions() -> None:
    found = modules()
    assert found["pytest"] == metadata.version("pytest")
    assert found["hypothesis"] == metadata.version("hypothesis")
    assert list(found) == sorted(found)
    assert modules() is found


def test_the_names_of_folders_tell_of_packages(tmp_path: Path, on_path: Callable[..., dict[str, str]]) -> None:
    for name in (
        "Foo_Bar-1.2.3.dist-info",
        "old-0.1-py3.11.egg-info",
        "zope.interface-5.4.dist-info",
        "plus-1.0+local.dist-info",
        "no_version.egg-info",
        "package",
        "module.py",
        "~ip-20.dist-info.bak",
    ):
        (tmp_path / name).mkdir()
    assert on_path(str(tmp_path)) == {
        "foo-bar": "1.2.3",
        "old": "0.1",
        "plus": "1.0+local",
        "zope.interface": "5.4",
    }


def test_of_a_package_that_is_there_twice_the_one_that_is_imported_counts(
    tmp_path: Path, on_path: Callable[..., dict[str, str]]
) -> None:
    for folder, version in (("first", "1.0"), ("second", "2.0")):
        (tmp_path / folder / f"thing-{version}.dist-info").mkdir(parents=True)
    assert on_path(str(tmp_path / "first"), str(tmp_path / "second"))["thing"] == "1.0"
    assert on_path(str(tmp_path / "second"), str(tmp_path / "first"))["thing"] == "2.0"


def test_whatever_is_on_the_path_does_no_harm(tmp_path: Path, on_path: Callable[..., dict[str, str]]) -> None:
    (tmp_path / "thing-1.0.dist-info").mkdir()
    archive = tmp_path / "archive.zip"
    archive.write_bytes(b"PK")
    entries = ["/no/such/folder", str(archive), "nul\0byte", 5, None, b"/", ["list"], {}, object(), "\ud800"]
    assert on_path(*entries, str(tmp_path)) == {"thing": "1.0"}


def test_the_empty_entry_is_the_working_directory(
    tmp_path: Path, on_path: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "thing-1.0.dist-info").mkdir()
    monkeypatch.chdir(tmp_path)
    assert on_path("") == {"thing": "1.0"}


def test_a_folder_whose_name_is_no_text_becomes_text(tmp_path: Path, on_path: Callable[..., dict[str, str]]) -> None:
    os.mkdir(os.fsencode(tmp_path) + b"/b\xffd-1.\xff.dist-info")
    found = on_path(str(tmp_path))
    assert len(found) == 1
    json.dumps(found, ensure_ascii=False).encode()


def test_of_very_many_packages_a_thousand_are_told(tmp_path: Path, on_path: Callable[..., dict[str, str]]) -> None:
    for number in range(1_100):
        (tmp_path / f"p{number}-1.dist-info").mkdir()
    assert len(on_path(str(tmp_path))) == 1_000


# The commit


@pytest.fixture(autouse=True)
def no_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in surroundings._REVISION_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def repository(folder: Path, head: str = "ref: refs/heads/main", **files: str) -> Path:
    """A folder that git might have made, as far as matters here. `files`: by path, with two underscores for a slash."""
    git = folder / ".git"
    git.mkdir(parents=True)
    (git / "HEAD").write_text(head + "\n")
    for name, content in files.items():
        path = git / name.replace("__", "/").replace("packed_refs", "packed-refs")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def test_the_commit_of_a_branch(tmp_path: Path) -> None:
    assert release(str(repository(tmp_path, refs__heads__main=COMMIT + "\n"))) == COMMIT


def test_the_commit_of_a_branch_with_slashes(tmp_path: Path) -> None:
    repository(tmp_path, "ref: refs/heads/fix/it", refs__heads__fix__it=COMMIT)
    assert release(str(tmp_path)) == COMMIT


def test_the_commit_of_a_detached_head(tmp_path: Path) -> None:
    assert release(str(repository(tmp_path, COMMIT))) == COMMIT


def test_the_commit_of_a_packed_branch(tmp_path: Path) -> None:
    packed = f"# pack-refs with: peeled\n{OTHER} refs/heads/main2\n{COMMIT} refs/heads/main\n^{OTHER}\n"
    assert release(str(repository(tmp_path, packed_refs=packed))) == COMMIT


def test_a_branch_that_is_newer_than_the_pack_counts(tmp_path: Path) -> None:
    repository(tmp_path, packed_refs=f"{OTHER} refs/heads/main\n", refs__heads__main=COMMIT)
    assert release(str(tmp_path)) == COMMIT


def test_the_repository_may_be_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = repository(tmp_path, COMMIT) / "a" / "b"
    inner.mkdir(parents=True)
    assert release(str(inner)) == COMMIT
    monkeypatch.chdir(inner)
    assert release() == COMMIT


@pytest.mark.parametrize("absolute", [True, False], ids=["absolute", "relative"])
def test_the_commit_of_a_worktree(absolute: bool, tmp_path: Path) -> None:
    main = repository(tmp_path / "main", OTHER, refs__heads__side=COMMIT)
    own = main / ".git" / "worktrees" / "side"
    own.mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/side\n")
    (own / "commondir").write_text("../..\n")
    side = tmp_path / "side"
    side.mkdir()
    path = own if absolute else Path("..") / "main" / ".git" / "worktrees" / "side"
    (side / ".git").write_text(f"gitdir: {path}\n")
    assert release(str(side)) == COMMIT


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"refs__heads__main": ""},
        {"packed_refs": ""},
        {"packed_refs": f"{OTHER} refs/heads/other\n"},
    ],
    ids=["no commit yet", "empty", "empty pack", "another branch"],
)
def test_without_a_commit_there_is_no_release(files: dict[str, str], tmp_path: Path) -> None:
    assert release(str(repository(tmp_path, **files))) is None


def test_a_broken_repository_has_no_release(tmp_path: Path) -> None:
    (tmp_path / "empty" / ".git").mkdir(parents=True)
    lost = tmp_path / "lost"
    lost.mkdir()
    (lost / ".git").write_text("gitdir: /no/such/folder\n")
    binary = tmp_path / "binary"
    (binary / ".git").mkdir(parents=True)
    (binary / ".git" / "HEAD").write_bytes(b"\xff\xfe\x00")
    loop = tmp_path / "loop"
    loop.mkdir()
    (loop / ".git").symlink_to(loop / ".git")
    for folder in ("empty", "lost", "binary", "loop"):
        assert release(str(tmp_path / folder)) is None
    assert release("/no/such/folder") is None
    assert release("/nul\0byte") is None


def test_a_repository_that_can_not_be_read_has_no_release(tmp_path: Path) -> None:
    git = repository(tmp_path, COMMIT) / ".git"
    (git / "HEAD").unlink()
    (git / "HEAD").mkdir()  # root may read every file, but no folder can be read like one
    assert release(str(tmp_path)) is None


def test_no_folder_has_no_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert release() is None
    monkeypatch.chdir(tmp_path)


def test_a_head_that_is_very_long_is_cut(tmp_path: Path) -> None:
    assert release(str(repository(tmp_path, "a" * 1_000_000))) == "a" * 64


def test_what_the_platform_says_goes_before_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(tmp_path, COMMIT)
    monkeypatch.setenv("RENDER_GIT_COMMIT", "render")
    assert release(str(tmp_path)) == "render"
    monkeypatch.setenv("SOURCE_VERSION", "  source \n")
    assert release(str(tmp_path)) == "source"
    monkeypatch.setenv("HEROKU_SLUG_COMMIT", " ")
    assert release(str(tmp_path)) == "source"
    monkeypatch.setenv("HEROKU_SLUG_COMMIT", "heroku")
    assert release(str(tmp_path)) == "heroku"


def test_what_the_platform_says_becomes_short_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIRCLE_SHA1", "\udcff" + "x" * 100_000)
    found = release()
    assert found is not None
    assert len(found) == 200
    found.encode()


# What git itself makes


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    """`git(folder, *arguments)`: what it prints."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    quiet = {**os.environ, "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    who = ["-c", "user.name=x", "-c", "user.email=x@y.z", "-c", "protocol.file.allow=always"]

    def run(folder: Path, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *who, *arguments], cwd=folder, env=quiet, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    return run


def test_it_is_the_commit_that_git_names(tmp_path: Path, git: Callable[..., str]) -> None:
    folder = tmp_path / "main"
    folder.mkdir()
    git(folder, "init", "-q")
    assert release(str(folder)) is None
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    first = git(folder, "rev-parse", "HEAD")
    assert release(str(folder)) == first
    git(folder, "pack-refs", "--all")
    assert not any(path.is_file() for path in (folder / ".git" / "refs" / "heads").rglob("*"))
    assert release(str(folder)) == first
    git(folder, "commit", "-q", "--allow-empty", "-m", "two")
    second = git(folder, "rev-parse", "HEAD")
    assert release(str(folder)) == second != first
    git(folder, "worktree", "add", "-q", "-b", "side/way", "../side", first)
    assert release(str(tmp_path / "side")) == first
    git(tmp_path / "side", "pack-refs", "--all")
    assert release(str(tmp_path / "side")) == first
    git(folder, "checkout", "-q", "--detach", first)
    assert release(str(folder)) == first


def test_the_commit_of_a_submodule_is_its_own(tmp_path: Path, git: Callable[..., str]) -> None:
    for name in ("inner", "outer"):
        (tmp_path / name).mkdir()
        git(tmp_path / name, "init", "-q")
        git(tmp_path / name, "commit", "-q", "--allow-empty", "-m", name)
    git(tmp_path / "outer", "submodule", "--quiet", "add", str(tmp_path / "inner"), "lib")
    assert (tmp_path / "outer" / "lib" / ".git").is_file()
    assert release(str(tmp_path / "outer" / "lib")) == git(tmp_path / "inner", "rev-parse", "HEAD")
    assert release(str(tmp_path / "outer")) == git(tmp_path / "outer", "rev-parse", "HEAD")
