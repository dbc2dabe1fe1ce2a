"""Bugsink as a test server. What it shares with Kent is tested there."""

from __future__ import annotations

import http.cookiejar
import os
import re
import sys
import tempfile
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from raven.errors import MissingDependency
from raven.testing.bugsink import Bugsink
from raven.testing.process import EventNotFound, ServerError, poll

Post = Callable[..., str]


class Unbootable(Bugsink):
    """A Bugsink whose settings can't be loaded."""

    def _environment(self) -> dict[str, str]:
        return super()._environment() | {"DJANGO_SETTINGS_MODULE": "no_such_settings"}


@pytest.mark.parametrize("store", [False, True], ids=["envelope", "store"])
def test_reads_back_what_was_posted(bugsink: Bugsink, post_event: Post, store: bool) -> None:
    event_id = post_event(bugsink.dsn, {"message": "größer", "extra": {"n": [1, None]}}, store=store)
    stored = bugsink.event(event_id)
    assert stored["event_id"] == event_id
    assert stored["message"] == "größer"
    assert stored["extra"] == {"n": [1, None]}
    assert event_id in bugsink.events()


def test_an_event_that_never_came(bugsink: Bugsink) -> None:
    wanted = uuid.uuid4().hex
    with pytest.raises(EventNotFound, match=wanted):
        bugsink.event(wanted, timeout=0.05)


def test_an_id_of_another_form_is_refused(bugsink: Bugsink) -> None:
    with pytest.raises(ValueError, match="badly formed"):
        bugsink.event_url("latest")


def test_a_person_sees_the_event_after_the_login(bugsink: Bugsink, post_event: Post) -> None:
    values = [{"type": "KeyError", "value": "Müsli"}]
    event_id = post_event(bugsink.dsn, {"exception": {"values": values}})
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    with browser.open(bugsink.event_url(event_id)) as login_form:
        login_url, page = login_form.url, login_form.read().decode()
    assert "/login/" in login_url
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    target = urllib.parse.parse_qs(urllib.parse.urlsplit(login_url).query)["next"][0]
    fields = {"username": bugsink.username, "password": bugsink.password, "next": target}
    form = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": token[1]}).encode()
    with browser.open(urllib.request.Request(login_url, form, {"Referer": login_url})) as answer:
        shown = answer.read().decode()
    assert "KeyError" in shown
    assert "Müsli" in shown


def is_gone(group: int) -> bool | None:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return None


def test_a_given_folder_is_private_and_keeps_the_events(tmp_path: Path, post_event: Post) -> None:
    folder = tmp_path / "bugsink"
    with Bugsink(folder=folder) as server:
        event_id = post_event(server.dsn, {"message": "kept"})
        group, first_password = server.pid, server.password
    assert group is not None
    # Dead ones may still wait for the system's init to take note of them.
    assert poll(lambda: is_gone(group), 10.0)
    assert [path for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077] == []
    with Bugsink(folder=folder) as server:
        assert server.events() == [event_id]
        assert server.event(event_id)["message"] == "kept"
        assert server.password != first_password


def test_a_failed_start_shows_the_log_and_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    server = Unbootable()
    with pytest.raises(ServerError, match="exit code 1") as raised:
        server.start()
    assert "no_such_settings" in str(raised.value)
    assert list(tmp_path.iterdir()) == []
    for read in (lambda: server.dsn, lambda: server.folder):
        with pytest.raises(ServerError, match="not started"):
            read()


@pytest.mark.parametrize("package", ["bugsink", "gunicorn"])
def test_missing_package_names_the_extra(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependency, match=r'pip install "raven\[demo\]"'):
        Bugsink().start()
