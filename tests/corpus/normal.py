"""Makes events of different runs, folders and Pythons the same, as far as they should be."""

from __future__ import annotations

import json
import re
import sys
import sysconfig
from pathlib import Path
from typing import Any

_REPOSITORY = Path(__file__).resolve().parents[2]
_VOLATILE = ("event_id", "timestamp", "received", "release", "server_name")
# Of the surroundings only what there is counts, not what it is.
_SURROUNDINGS = ("runtime", "os", "device")
_ENDS = 4
_ADDRESS = re.compile(r"(?<= at 0x)[0-9a-f]+")
_STDLIB_LINE = re.compile(r"(<stdlib>[\w/.]*(?::|, line ))\d+")
# The goldens are of Python 3.11. Older ones know no columns and no qualified names; newer ones find other columns.
WRITTEN_BY = (3, 11)


def normal(event: dict[str, Any], temporary: Path) -> Any:
    """The event without what changes from run to run. `temporary` is the folder that the program could use."""
    places = {
        str(temporary): "<tmp>",
        str(_REPOSITORY): "<repo>",
        sysconfig.get_path("purelib"): "<site-packages>",
        sysconfig.get_path("stdlib"): "<stdlib>",
        sys.executable: "<python>",
    }
    folders = "|".join(re.escape(path) for path in sorted(places, key=len, reverse=True))
    # What `tempfile` makes has a random name.
    where = re.compile(rf"({folders})(/tmp\w{{8}}(?=/|\W|$))?")

    def text(value: str) -> str:
        value = where.sub(lambda found: places[found[1]] + ("/<random>" if found[2] else ""), value)
        return _STDLIB_LINE.sub(r"\1<line>", _ADDRESS.sub("<address>", value))

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {text(key): walk(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(each) for each in value]
        return text(value) if isinstance(value, str) else value

    shown: dict[str, Any] = walk(event)
    _hide(shown, *_VOLATILE)
    _hide(shown.get("sdk", {}), "version")
    for crumb in _values(shown, "breadcrumbs"):
        _hide(crumb, "timestamp")
    for thread in _values(shown, "threads"):
        _hide(thread, "id")
    for each in [*_values(shown, "exception"), *_values(shown, "threads")]:
        _hide(each, "thread_id")
        if "stacktrace" in each:
            each["stacktrace"]["frames"] = _few(_without_stdlib(each["stacktrace"]["frames"]))
    if "exception" in shown:
        shown["exception"]["values"] = _few(shown["exception"]["values"])
    for name in _SURROUNDINGS:
        about = shown.get("contexts", {}).get(name, {})
        _hide(about, *about)
    if "modules" in shown:
        shown["modules"] = {}
    return shown


def dumped(events: list[Any]) -> str:
    """As it is in a golden file."""
    return json.dumps(events, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def comparable(value: Any) -> Any:
    """A normal event, or a golden one, as far as the two can be the same on this Python."""
    if sys.version_info[:2] == WRITTEN_BY:
        return value
    if isinstance(value, list):
        return [comparable(each) for each in value]
    if not isinstance(value, dict):
        return value
    value = {key: comparable(inner) for key, inner in value.items()}
    if "colno" in value:
        value["colno"] = "<colno>"
    if sys.version_info < WRITTEN_BY:
        value.pop("colno", None)
        if isinstance(value.get("function"), str):
            value["function"] = value["function"].rpartition(".")[2]
        if value.get("module") == "exceptiongroup":  # a package until 3.11, then built in
            del value["module"]
    return value


def _values(event: dict[str, Any], part: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = event.get(part, {}).get("values", [])
    return found


def _hide(part: dict[str, Any], *names: str) -> None:
    part.update((name, f"<{name}>") for name in names if name in part)


def _without_stdlib(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The frames, with a single one for all of the standard library's that follow each other: each Python has others."""
    shown: list[dict[str, Any]] = []
    for frame in frames:
        if not str(frame.get("abs_path")).startswith(("<stdlib>", "<frozen ")):
            shown.append(frame)
        elif not shown or shown[-1].get("abs_path") != "<stdlib>":
            shown.append({"abs_path": "<stdlib>", "in_app": frame.get("in_app")})
    return shown


def _few(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of a long list, its ends, and what stands for things that the event itself leaves out."""
    if len(values) <= 3 * _ENDS:
        return values
    middle = [value for value in values[_ENDS:-_ENDS] if "left out" in str(value)]
    return [*values[:_ENDS], {f"<{len(values) - 2 * _ENDS} more>": middle}, *values[-_ENDS:]]
