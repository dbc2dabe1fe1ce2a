"""What an event tells of an exception: the chain, the frames, the source, the local variables."""

from __future__ import annotations

import collections
import json
import linecache
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from raven.events.exceptions import exception_values
from raven.events.frames import Frames
from raven.events.values import Simplifier

Value = dict[str, Any]


def values_of(error: BaseException) -> list[Value]:
    values = exception_values(error, Frames(), Simplifier())
    json.dumps(values, allow_nan=False, ensure_ascii=False).encode()
    return values


def caught(function: Callable[..., object], *arguments: object) -> BaseException:
    with pytest.raises(BaseException) as raised:  # noqa: PT011  whatever it raises
        function(*arguments)
    return raised.value


def frames_of(error: BaseException) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = values_of(error)[-1]["stacktrace"]["frames"]
    return frames


def run(source: str, filename: str = "<made up>", /, **names: object) -> BaseException:
    """The exception that a piece of code raises, which was compiled with this name of a file."""
    return caught(exec, compile(source, filename, "exec"), {"__name__": "made.up", **names})


# The chain


def test_an_exception_alone() -> None:
    (value,) = values_of(ValueError("no good"))
    assert value == {
        "type": "ValueError",
        "value": "no good",
        "mechanism": {"type": "generic", "handled": True, "exception_id": 0},
    }


def test_what_led_to_it_comes_first() -> None:
    def fail() -> NoReturn:
        try:
            try:
                raise KeyError("first")
            except KeyError:
                raise TypeError("second")  # noqa: B904  the context is what is tested
        except TypeError as error:
            raise ValueError("third") from error

    values = values_of(caught(fail))
    assert [(value["type"], value["value"]) for value in values] == [
        ("KeyError", "'first'"),
        ("TypeError", "second"),
        ("ValueError", "third"),
    ]
    assert [value["mechanism"] for value in values] == [
        {"type": "chained", "handled": True, "exception_id": 2, "parent_id": 1, "source": "__context__"},
        {"type": "chained", "handled": True, "exception_id": 1, "parent_id": 0, "source": "__cause__"},
        {"type": "generic", "handled": True, "exception_id": 0},
    ]
    assert all(value["stacktrace"]["frames"] for value in values)


def test_a_context_that_was_suppressed_is_left_out() -> None:
    def fail() -> NoReturn:
        try:
            raise KeyError("hidden")
        except KeyError:
            raise ValueError("shown") from None

    assert [value["type"] for value in values_of(caught(fail))] == ["ValueError"]


def test_a_cause_goes_before_a_context() -> None:
    error = ValueError()
    error.__context__, error.__cause__ = KeyError(), TypeError()
    assert [value["type"] for value in values_of(error)] == ["TypeError", "ValueError"]


@pytest.mark.parametrize("attribute", ["__cause__", "__context__"])
def test_a_chain_that_bites_its_tail_ends(attribute: str) -> None:
    errors = [ValueError(str(number)) for number in range(3)]
    for error, following in zip(errors, [*errors[1:], errors[0]], strict=True):
        setattr(error, attribute, following)
    assert [value["value"] for value in values_of(errors[0])] == ["2", "1", "0"]


def test_a_very_long_chain_is_cut() -> None:
    error = first = ValueError("last")
    for number in range(1_000):
        error.__cause__ = ValueError(str(number))
        error = error.__cause__
    values = values_of(first)
    assert len(values) == 50 + 1
    assert values[0] == {"type": "...", "value": "Further exceptions were left out."}
    assert values[-1]["value"] == "last"


def test_only_what_python_itself_has_attached_is_followed() -> None:
    class Endless(Exception):
        @property
        def __cause__(self) -> BaseException:  # type: ignore[override]
            return Endless()

    assert len(values_of(Endless())) == 1


class Outer:
    class Inner(Exception):
        """Has a qualified name."""


def test_the_type_has_its_qualified_name_and_its_module() -> None:
    (value,) = values_of(Outer.Inner("x"))
    assert (value["type"], value["module"]) == ("Outer.Inner", __name__)


@pytest.mark.parametrize(
    ("raised", "shown"),
    [
        (ZeroDivisionError, "<Mute whose str raised ZeroDivisionError> Mute(5)"),
        (SystemExit, "<Mute whose str raised SystemExit> Mute(5)"),
        (RecursionError, "<Mute whose str raised RecursionError> Mute(5)"),
    ],
)
def test_an_exception_that_can_not_say_what_it_is_is_shown_all_the_same(
    raised: type[BaseException], shown: str
) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise raised

    (value,) = values_of(Mute(5))
    assert value["value"] == shown


def test_a_very_long_message_is_cut() -> None:
    (value,) = values_of(ValueError("x" * 10_000_000))
    assert len(value["value"]) == 4_096


def test_a_class_of_exceptions_that_fights_back_is_named() -> None:
    class Meta(type):
        def refuse(cls, *arguments: object) -> NoReturn:
            raise ZeroDivisionError

        __name__ = __module__ = property(refuse)
        __eq__ = __getattribute__ = refuse

        def __hash__(cls) -> int:
            return 1

    class Strange(Exception, metaclass=Meta):
        pass

    (value,) = values_of(Strange("what it says"))
    assert value["type"].endswith("Strange")
    assert value["value"] == "what it says"


@pytest.mark.parametrize("module", [5, None, "", "\ud800", ["list"]], ids=repr)
def test_a_module_that_is_none_does_no_harm(module: object) -> None:
    (value,) = values_of(type("Odd", (Exception,), {"__module__": module})())
    assert value["type"] == "Odd"
    assert isinstance(value.get("module", ""), str)


# The frames


def deep(levels: int) -> NoReturn:
    if levels:
        deep(levels - 1)
    raise ValueError("at the bottom")


def test_the_frames_are_those_of_the_traceback() -> None:
    error = caught(deep, 10)
    expected = traceback.extract_tb(error.__traceback__)
    shown = [(frame["abs_path"], frame["lineno"], frame["context_line"].strip()) for frame in frames_of(error)]
    assert shown == [(frame.filename, frame.lineno, frame.line) for frame in expected]
    assert [frame["function"].rpartition(".")[2] for frame in frames_of(error)] == [frame.name for frame in expected]
    assert frames_of(error)[-1]["function"] == "deep"


@pytest.mark.parametrize("levels", [97, 98, 99, 900])
def test_of_very_many_frames_the_middle_is_left_out(levels: int) -> None:
    error = caught(deep, levels)
    whole = len(traceback.extract_tb(error.__traceback__))
    frames = frames_of(error)
    if whole <= 100:
        assert len(frames) == whole
        return
    assert len(frames) == 101
    assert frames[50] == {"function": f"<{whole - 100} frames left out>", "filename": "<raven>", "in_app": False}
    assert "levels" in frames[0]["vars"] or frames[0]["function"] == "caught"
    assert frames[-1]["vars"] == {"levels": 0}


def test_thousands_of_frames() -> None:
    def climb(error: BaseException, levels: int) -> None:
        for _ in range(levels):
            try:
                raise error
            except ValueError:
                continue

    error = ValueError("many")
    climb(error, 5_000)
    frames = frames_of(error)
    assert len(frames) == 101
    assert frames[50]["function"] == "<4900 frames left out>"


class Shop:
    def sell(self) -> None:
        def count() -> None:
            raise ValueError

        count()


def test_a_function_has_its_qualified_name_where_python_knows_it() -> None:
    names = [frame["function"] for frame in frames_of(caught(Shop().sell))[1:]]
    qualified = ["Shop.sell", "Shop.sell.<locals>.count"]
    assert names == (qualified if sys.version_info >= (3, 11) else ["sell", "count"])


def test_the_source_around_the_line_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "shop.py"
    lines = [f"n{number} = {number}" for number in range(1, 21)]
    lines[9] = "raise ValueError(n9)"
    path.write_text("\n".join(lines), encoding="utf-8")
    frame = frames_of(run(path.read_text(), str(path)))[-1]
    assert frame["lineno"] == 10
    assert frame["pre_context"] == lines[4:9]
    assert frame["context_line"] == "raise ValueError(n9)"
    assert frame["post_context"] == lines[10:15]
    assert frame["vars"]["n9"] == 9


@pytest.mark.parametrize(("at", "before", "after"), [(0, 0, 5), (2, 2, 5), (7, 5, 1), (8, 5, 0)])
def test_the_source_ends_where_the_file_does(at: int, before: int, after: int, tmp_path: Path) -> None:
    lines = ["pass"] * 9
    lines[at] = "raise ValueError"
    path = tmp_path / "short.py"
    path.write_text("\n".join(lines))
    frame = frames_of(run(path.read_text(), str(path)))[-1]
    assert (len(frame["pre_context"]), len(frame["post_context"])) == (before, after)


def test_a_very_long_line_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "wide.py"
    path.write_text(f"raise ValueError # {'x' * 100_000}")
    assert len(frames_of(run(path.read_text(), str(path)))[-1]["context_line"]) == 512


def test_a_file_that_is_gone_or_shorter_now_has_no_source(tmp_path: Path) -> None:
    path = tmp_path / "gone.py"
    for rest in (None, "pass\n"):
        error = run("\n\n\nraise ValueError", str(path))
        if rest is not None:
            path.write_text(rest)
        linecache.checkcache()
        frame = frames_of(error)[-1]
        assert "context_line" not in frame
        assert (frame["abs_path"], frame["lineno"]) == (str(path), 4)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"# coding: nosuch\n\xff", b""], ids=["bytes", "coding", "empty"])
def test_a_file_that_is_no_source_has_none(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "binary.py"
    path.write_bytes(content)
    assert "context_line" not in frames_of(run("\nraise ValueError", str(path)))[-1]


class Loader:
    """A loader of a program's own."""

    def __init__(self, source: str | None) -> None:
        self.source = source

    def get_source(self, name: str) -> str:
        if self.source is None:
            raise ZeroDivisionError
        return self.source


def test_the_source_comes_from_the_modules_loader() -> None:
    frame = frames_of(run("raise ValueError", "/no/such/archive.zip/a.py", __loader__=Loader("raise \ud800\n")))[-1]
    assert frame["context_line"] == "raise \\ud800"


def test_a_loader_that_fails_costs_the_source_alone() -> None:
    frame = frames_of(run("raise ValueError", "/no/such/archive.zip/b.py", __loader__=Loader(None)))[-1]
    assert "context_line" not in frame
    assert frame["lineno"] == 1


def test_code_without_lines_has_none() -> None:
    code = compile("raise ValueError", "<bare>", "exec")
    code = code.replace(co_linetable=b"") if sys.version_info >= (3, 10) else code
    frame = frames_of(caught(exec, code, {}))[-1]
    assert frame["filename"] == "<bare>"
    assert "context_line" not in frame


@pytest.mark.parametrize(
    ("filename", "module", "short"),
    [
        ("/srv/app/shop/cart.py", "shop.cart", "shop/cart.py"),
        ("/srv/app/shop/__init__.py", "shop", "shop/__init__.py"),
        ("/srv/app/shop/till/__init__.py", "shop.till", "shop/till/__init__.py"),
        ("/srv/app/cart.py", "cart", "cart.py"),
        ("/srv/app/run.py", "__main__", "run.py"),
        ("/srv/app/run.py", None, "run.py"),
        ("/srv/app/run.py", 5, "run.py"),
        ("<stdin>", "__main__", "<stdin>"),
        ("<string>", "a.b.c", "<string>"),
        ("", "a.b", ""),
    ],
)
def test_the_short_path_begins_with_the_outermost_package(filename: str, module: object, short: str) -> None:
    frame = frames_of(run("raise ValueError", filename, __name__=module))[-1]
    assert frame["filename"] == short
    assert frame["abs_path"] == filename
    assert frame["module"] == (module if isinstance(module, str) else None)


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("/srv/app/shop/cart.py", True),
        ("<string>", True),
        ("<frozen importlib._bootstrap>", False),
        ("/srv/venv/lib/python3/site-packages/x.py", False),
        ("/usr/lib/python3/dist-packages/x.py", False),
        (sysconfig.get_path("stdlib") + "/json/decoder.py", False),
    ],
)
def test_the_code_of_libraries_is_told_from_the_programs_own(path: str, ours: bool) -> None:
    assert frames_of(run("raise ValueError", path))[-1]["in_app"] is ours


# The local variables


def test_text_is_quoted_and_the_rest_is_as_it_was() -> None:
    def fail() -> None:
        number, text, nested, nothing = 1, "1", {"a": [1, "x"]}, None
        raise ValueError(number, text, nested, nothing)

    assert frames_of(caught(fail))[-1]["vars"] == {
        "number": 1,
        "text": "'1'",
        "nested": {"a": [1, "x"]},
        "nothing": None,
    }


class Bad:
    """An object that raises whatever is asked of it."""

    def refuse(self, *arguments: object) -> NoReturn:
        raise SystemExit

    __repr__ = __str__ = __len__ = __iter__ = __getattr__ = __eq__ = refuse
    __hash__ = None  # type: ignore[assignment]


def test_hostile_values_are_described() -> None:
    def fail() -> None:
        bad, huge, wide = Bad(), "x" * 10_000_000, list(range(1_000))
        deep_one: list[Any] = []
        deep_one.append(deep_one)
        raise ValueError(id(bad), len(huge), len(wide))

    shown = frames_of(caught(fail))[-1]["vars"]
    assert shown["bad"] == "<Bad whose repr raised SystemExit>"
    assert 500 < len(shown["huge"]) <= 512
    assert shown["huge"].endswith("x... (10000000 characters)")
    assert len(shown["wide"]) == 21
    assert shown["deep_one"] == ["<the same object again>"]


def test_of_very_many_locals_the_first_are_shown() -> None:
    names = {f"v{number}": number for number in range(100)}
    shown = frames_of(run("raise ValueError", **names))[-1]["vars"]
    assert len(shown) == 51
    assert shown["..."].endswith(" more")


class Scope(dict[Any, Any]):
    """A namespace whose own methods all fail."""

    def refuse(self, *arguments: object) -> NoReturn:
        raise SystemExit

    items = keys = values = get = __iter__ = __len__ = refuse


class Foreign(collections.UserDict[Any, Any]):
    """A namespace that is no dict."""


class Refusing(Foreign):
    """One that can't be listed."""

    def keys(self) -> NoReturn:
        raise SystemExit


class BadName:
    """A name that is no text, and that has none."""

    def __repr__(self) -> NoReturn:
        raise SystemExit


@pytest.mark.parametrize(
    ("scope", "shown"),
    [
        (Scope({"a": 1}), {"a": 1}),
        (Foreign({"a": 1}), {"a": 1}),
        (Refusing({"a": 1}), {}),
        ({5: 6, None: 1}, {"5": 6, "None": 1}),
        ({BadName(): 1}, {"<BadName whose repr raised SystemExit>": 1}),
        ({"\ud800": 1}, {"\\ud800": 1}),
    ],
    ids=["hostile", "foreign", "refusing", "odd names", "hostile names", "surrogates"],
)
def test_a_namespace_of_any_kind_does_no_harm(scope: Any, shown: Mapping[str, object]) -> None:
    error = caught(exec, compile("raise ValueError", "<exec>", "exec"), {}, scope)
    assert frames_of(error)[-1]["vars"] == shown


def test_globals_of_any_kind_do_no_harm() -> None:
    class Globals(dict[str, Any]):
        def get(self, *arguments: object) -> NoReturn:
            raise ZeroDivisionError

        __getitem__ = get

    frame = frames_of(caught(exec, compile("raise ValueError", "<exec>", "exec"), Globals(__name__="x"), {}))[-1]
    assert frame["module"] == "x"


@pytest.fixture(autouse=True)
def clean_cache() -> Iterator[None]:
    yield
    linecache.clearcache()
