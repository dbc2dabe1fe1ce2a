"""What is in a file, and how it changes.

Every change is one statement, which SQLite carries out as a whole or not at all, whoever is killed in the middle of it.
What belongs together (an event that goes, and its place in the account) is put together by triggers. At every instant

    stored = delivered + the dropped, by reason + dead + waiting
"""

from __future__ import annotations

VERSION = 1

_COLUMNS = "id INTEGER PRIMARY KEY, event TEXT, category TEXT, stored REAL, headers TEXT, endpoint TEXT, body BLOB"
_EVENT = "id, event, category, stored, headers, endpoint, body"
_KNOWN = "(NEW.id IN (SELECT id FROM waiting) OR NEW.id IN (SELECT id FROM dead))"

STATEMENTS = (
    f"CREATE TABLE waiting ({_COLUMNS})",
    f"CREATE TABLE dead ({_COLUMNS}, died REAL, reason TEXT, detail TEXT)",
    "CREATE TABLE ledger (stored INTEGER, delivered INTEGER, waiting INTEGER, dead INTEGER, bytes INTEGER,"
    " error TEXT, failed REAL)",
    "INSERT INTO ledger VALUES (0, 0, 0, 0, 0, NULL, NULL)",
    "CREATE TABLE dropped (reason TEXT PRIMARY KEY, number INTEGER)",
    # An event comes in.
    "CREATE TRIGGER came AFTER INSERT ON waiting BEGIN"
    " UPDATE ledger SET stored = stored + 1, waiting = waiting + 1, bytes = bytes + ifnull(length(NEW.body), 0); END",
    "CREATE TRIGGER went AFTER DELETE ON waiting BEGIN"
    " UPDATE ledger SET waiting = waiting - 1, bytes = bytes - ifnull(length(OLD.body), 0); END",
    "CREATE TRIGGER died AFTER INSERT ON dead BEGIN"
    " UPDATE ledger SET dead = dead + 1, bytes = bytes + ifnull(length(NEW.body), 0); END",
    "CREATE TRIGGER forgotten AFTER DELETE ON dead BEGIN"
    " UPDATE ledger SET dead = dead - 1, bytes = bytes - ifnull(length(OLD.body), 0); END",
    # It goes for good: INSERT INTO leaving. Without a reason it was delivered.
    "CREATE VIEW leaving AS SELECT NULL AS id, NULL AS reason",
    "CREATE TRIGGER leave INSTEAD OF INSERT ON leaving BEGIN"
    f" UPDATE ledger SET delivered = delivered + 1 WHERE NEW.reason IS NULL AND {_KNOWN};"
    f" INSERT INTO dropped SELECT NEW.reason, 1 WHERE NEW.reason IS NOT NULL AND {_KNOWN}"
    " ON CONFLICT (reason) DO UPDATE SET number = number + 1;"
    " DELETE FROM waiting WHERE id = NEW.id; DELETE FROM dead WHERE id = NEW.id; END",
    # It is put where it can be read, and is not tried again: INSERT INTO burying.
    "CREATE VIEW burying AS SELECT NULL AS id, NULL AS died, NULL AS reason, NULL AS detail",
    "CREATE TRIGGER bury INSTEAD OF INSERT ON burying BEGIN"
    f" INSERT INTO dead SELECT {_EVENT}, NEW.died, NEW.reason, NEW.detail FROM waiting WHERE id = NEW.id;"
    " DELETE FROM waiting WHERE id = NEW.id; END",
    # It is to be tried again after all: INSERT INTO reviving.
    "CREATE VIEW reviving AS SELECT NULL AS id",
    "CREATE TRIGGER revive INSTEAD OF INSERT ON reviving BEGIN"
    f" INSERT INTO waiting SELECT {_EVENT} FROM dead WHERE id = NEW.id;"
    " UPDATE ledger SET stored = stored - 1 WHERE NEW.id IN (SELECT id FROM dead);"
    " DELETE FROM dead WHERE id = NEW.id; END",
    f"PRAGMA user_version = {VERSION}",
)

PUT = f"INSERT INTO waiting ({_EVENT}) VALUES (?, ?, ?, ?, ?, ?, ?)"
LEAVE = "INSERT INTO leaving VALUES (?, ?)"
LEAVE_ALL = "INSERT INTO leaving SELECT value, ? FROM json_each(?)"
BURY = "INSERT INTO burying VALUES (?, ?, ?, ?)"
REVIVE = "INSERT INTO reviving SELECT id FROM dead"
TOTALS = "SELECT stored, delivered, waiting, dead, bytes, error, failed FROM ledger"
DROPPED = "SELECT reason, number FROM dropped ORDER BY reason"
FAILED = "UPDATE ledger SET error = ?, failed = ?"

# A body beyond the bound is not even read. Whatever else may be in a row that we did not write is judged by `row`.
_READ = "id, event, category, stored, headers, endpoint, CASE WHEN length(body) <= ? THEN body END"
PAGE = f"SELECT {_READ} FROM waiting WHERE id > ? ORDER BY id LIMIT ?"
ONE = f"SELECT {_READ} FROM waiting WHERE id = ?"
DEAD = f"SELECT {_READ}, died, reason, detail FROM dead WHERE id > ? ORDER BY id LIMIT ?"
ONE_DEAD = f"SELECT {_READ}, died, reason, detail FROM dead WHERE id = ?"

FIND = "SELECT id FROM waiting WHERE event GLOB ? UNION ALL SELECT id FROM dead WHERE event GLOB ? LIMIT 1"
OLDEST = "SELECT id, ifnull(length(body), 0), stored FROM waiting WHERE id > ? ORDER BY id LIMIT ?"
OLDEST_DEAD = "SELECT id, ifnull(length(body), 0), stored FROM dead WHERE id > ? ORDER BY id LIMIT ?"

SCHEMA = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
EXPECTED = [each for each in STATEMENTS if each.startswith("CREATE")]
"""What SCHEMA finds in a file of ours: a file with triggers of someone else's is not opened."""
