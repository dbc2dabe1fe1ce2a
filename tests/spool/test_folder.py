"""Only its owner can write in the folder, or put another in its place."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from raven.dsn import Dsn
from raven.errors import ConfigurationError
from raven.spool import files
from raven.spool.folder import create, fingerprint, is_safe, names, new_name, process_of, project_of, secured
from raven.spool.store import Store
from tests.spool.conftest import PROJECT


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> object:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_what_is_made_is_for_its_owner_only(tmp_path: Path) -> None:
    where = Path(secured(str(tmp_path / "spool")))
    assert mode(where) == 0o700
    file = files.make(str(where), PROJECT, durable=False)
    found = list(where.iterdir())
    assert {mode(each) for each in found} == {0o600}
    assert {each.name.partition(".")[2] for each in found} == {"spool", "spool.lock", "spool-wal", "spool-shm"}
    file.let_go()
    assert list(where.iterdir()) == []


def test_folders_above_that_are_missing_are_made_too(tmp_path: Path) -> None:
    assert secured(str(tmp_path / "a" / "b")) == str(tmp_path / "a" / "b")


@pytest.mark.parametrize("bits", [0o720, 0o702, 0o777], ids=oct)
def test_others_may_not_write_in_it(tmp_path: Path, bits: int) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool").chmod(bits)
    with pytest.raises(ConfigurationError, match="others may write in the folder"):
        secured(str(tmp_path / "spool"))


def test_others_may_not_replace_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(ConfigurationError, match="others may replace the folder"):
        secured(str(tmp_path / "spool"))
    assert not (tmp_path / "spool").exists()
    tmp_path.chmod(0o1777)  # as /tmp is
    secured(str(tmp_path / "spool"))


def test_it_may_not_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(0o700)
    (tmp_path / "spool").symlink_to("real")
    with pytest.raises(ConfigurationError, match="must not be a symbolic link"):
        secured(str(tmp_path / "spool"))


def test_a_link_above_it_is_followed_once_and_for_all(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(0o700)
    (tmp_path / "link").symlink_to("real")
    assert secured(str(tmp_path / "link" / "spool")) == str(tmp_path / "real" / "spool")


def test_it_may_not_belong_to_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fstat

    def foreign(descriptor: int) -> os.stat_result:
        values = list(real(descriptor))
        values[4] = os.geteuid() + 1
        return os.stat_result(values)

    monkeypatch.setattr(os, "fstat", foreign)
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        secured(str(tmp_path / "spool"))


def test_what_is_not_a_folder_can_not_be_had(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("")
    with pytest.raises(OSError, match=r"."):
        secured(str(tmp_path / "spool"))
    with pytest.raises(FileNotFoundError):
        secured(str(tmp_path / "missing"), make=False)


def test_a_link_that_was_planted_is_never_followed(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    link = folder / new_name(PROJECT)
    link.symlink_to(target)
    with pytest.raises(FileExistsError):
        create(str(link))
    assert not is_safe(str(link))
    second = folder / new_name(PROJECT)
    second.hardlink_to(target)
    assert not is_safe(str(second))
    assert is_safe(str(folder / "missing"))
    assert not is_safe(str(target / "below a file"))
    assert target.read_text() == "precious"


def test_a_name_tells_the_project_and_the_process() -> None:
    name = new_name(PROJECT)
    assert (project_of(name), process_of(name)) == (PROJECT, os.getpid())
    assert (project_of("notes.txt"), process_of("notes.txt")) == (None, 0)


def test_names_are_those_of_a_project_or_of_all(folder: Path) -> None:
    mine, other = new_name(PROJECT), new_name("f" * 16)
    for name in (mine, other, "notes.txt"):
        (folder / name).write_text("")
    assert names(str(folder), PROJECT) == [mine]
    assert names(str(folder)) == [mine, other]


def test_nothing_at_rest_has_a_key_or_an_address(folder: Path, store: Store) -> None:
    dsn = Dsn.parse("https://publickey:secretkey@sentry.example/prefix/42")
    assert fingerprint(dsn) != fingerprint(Dsn.parse("https://publickey:secretkey@sentry.example/prefix/43"))
    assert fingerprint(dsn) == fingerprint(Dsn.parse("https://another@sentry.example/prefix/42?timeout=2"))
    assert len(fingerprint(dsn)) == 16
