"""A Bugsink (a self-hosted error tracker that speaks Sentry's protocol) on loopback, for tests and demos."""

from __future__ import annotations

import contextlib
import json
import secrets
import signal
import sqlite3
import sys
import uuid
from pathlib import Path
from typing import Any

from .process import LocalServer, ServerError

# Bugsink's settings, to be filled in.
_SETTINGS = """
from bugsink.settings.default import *

FOLDER = {folder!r}
SECRET_KEY = {key!r}
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
DATABASES["default"]["NAME"] = FOLDER + "/db.sqlite3"
DATABASES["snappea"]["NAME"] = FOLDER + "/snappea.sqlite3"
TIME_ZONE = "UTC"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

# Events are stored inside the request that brings them: no second process.
SNAPPEA = {{"TASK_ALWAYS_EAGER": True, "WAKEUP_CALLS_DIR": FOLDER + "/wakeup", "PID_FILE": None}}

_NO_LIMIT = 100_000_000
BUGSINK = {{
    "BASE_URL": {url!r},
    "SINGLE_USER": True,
    "SINGLE_TEAM": True,
    "PHONEHOME": False,
    "INGEST_STORE_BASE_DIR": FOLDER + "/ingestion",
    "MAX_EVENTS_PER_PROJECT_PER_5_MINUTES": _NO_LIMIT,
    "MAX_EVENTS_PER_PROJECT_PER_HOUR": _NO_LIMIT,
    "MAX_EVENTS_PER_PROJECT_PER_MONTH": _NO_LIMIT,
    "MAX_EVENTS_PER_5_MINUTES": _NO_LIMIT,
    "MAX_EVENTS_PER_HOUR": _NO_LIMIT,
    "MAX_EVENTS_PER_MONTH": _NO_LIMIT,
}}
"""

# Makes the databases, the user, the project and the token in one process, then becomes gunicorn.
# Run with the argument "migrate", by which Bugsink knows to lift its limit on the time of a query.
_BOOT = """
import gc
gc.disable()  # migrating builds and drops thousands of classes; collecting them takes a fifth of the time
import json, os, secrets, sys
import django
django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connections

call_command("migrate", "snappea", database="snappea", verbosity=0, skip_checks=True)
call_command("migrate", verbosity=0, skip_checks=True)

from bsmain.models import AuthToken
from projects.models import Project

name = "raven@example.org"
password = secrets.token_urlsafe(12)
users = get_user_model().objects
user = users.filter(username=name).first() or users.create_superuser(username=name, email=name)
user.set_password(password)
user.save()
project, _ = Project.objects.get_or_create(name="raven", defaults={
    "retention_max_event_count": 1_000_000, "alert_on_new_issue": False,
    "alert_on_regression": False, "alert_on_unmute": False,
})
token = AuthToken.objects.first() or AuthToken.create_full_access()
with open("access.json", "w") as access:
    json.dump({"dsn": project.dsn, "username": name, "password": password, "token": token.token}, access)
connections.close_all()
os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *sys.argv[2:], "bugsink.wsgi"])
"""


class Bugsink(LocalServer):
    """A real Bugsink on loopback, thrown away afterwards.

    It has one project and one user. With a `folder` that already served one, its events are kept.
    """

    name = "Bugsink"
    extra = "demo"
    packages = ("bugsink", "gunicorn")
    ready_path = "/health/ready"
    stop_signal = signal.SIGQUIT  # gunicorn's quick end; SIGTERM waits for idle connections

    _access: dict[str, str]

    @property
    def dsn(self) -> str:
        """DSN of its project. This and the two below raise ServerError when not started."""
        return self._granted("dsn")

    @property
    def username(self) -> str:
        """Whom to log in as in the browser."""
        return self._granted("username")

    @property
    def password(self) -> str:
        """That user's password, a new random one at each start."""
        return self._granted("password")

    def events(self) -> list[str]:
        """Ids (32 hex digits) of all stored events, oldest first."""
        self._check_alive()
        return [str(row[0]) for row in self._query("select event_id from events_event order by ingested_at")]

    def event_url(self, event_id: str) -> str:
        """Address that shows the event to a person, after the login. ValueError for an id of another form."""
        return f"{self.url}/issues/event/{uuid.UUID(event_id)}/"

    def _granted(self, what: str) -> str:
        self.url  # noqa: B018  raises when not started
        return self._access[what]

    def _command(self, listener: int) -> list[str]:
        settings = _SETTINGS.format(folder=str(self.folder), url=self.url, key=secrets.token_hex(32))
        _write_private(self.folder / "bugsink_conf.py", settings)
        _write_private(self.folder / "boot.py", _BOOT)
        gunicorn = ["--workers", "1", "--threads", "4", "--no-control-socket", "--log-level", "warning"]
        return [sys.executable, "boot.py", "migrate", "--bind", f"fd://{listener}", *gunicorn]

    def _environment(self) -> dict[str, str]:
        environment = super()._environment()
        paths = [str(self.folder), environment.get("PYTHONPATH", "")]
        return environment | {
            "DJANGO_SETTINGS_MODULE": "bugsink_conf",
            "PYTHONPATH": ":".join(filter(None, paths)),
        }

    def _started(self) -> None:
        self._access = json.loads((self.folder / "access.json").read_text())

    def _find(self, event_id: str) -> dict[str, Any] | None:
        # The API wants Bugsink's own id of the event, and only lists those per issue.
        rows = self._query("select id from events_event where event_id = ?", event_id)
        if not rows:
            return None
        bearer = {"Authorization": f"Bearer {self._access['token']}"}
        stored = self._json("GET", f"/api/canonical/0/events/{uuid.UUID(rows[0][0])}/", bearer)["data"]
        if not isinstance(stored, dict):
            raise ServerError(f"Bugsink has stored something else than an object as event {event_id}")
        return stored

    def _query(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        database = (self.folder / "db.sqlite3").as_uri() + "?mode=ro"
        with contextlib.closing(sqlite3.connect(database, uri=True)) as connection:
            return connection.execute(sql, values).fetchall()


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, from the first byte on."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, encoding="utf-8")
