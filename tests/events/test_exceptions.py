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
from raven.events.scrub import Scrubber
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
    # Before Python 3.11, a method is found in its class, and a function within it can't be found anywhere.
    assert names == (qualified if sys.version_info >= (3, 11) else ["Shop.sell", "count"])


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


# Syntax errors


def wrong(*arguments: object) -> list[dict[str, Any]]:
    """The frames of a syntax error with these arguments."""
    (value,) = values_of(SyntaxError(*arguments))
    frames: list[dict[str, Any]] = value.get("stacktrace", {"frames": []})["frames"]
    return frames


def test_what_can_not_be_understood_is_the_innermost_frame(tmp_path: Path) -> None:
    path = tmp_path / "settings.py"
    path.write_text("x = 1\ny = (2\nz = 3)\n")
    error = caught(compile, path.read_text(), str(path), "exec")
    frame = frames_of(error)[-1]
    assert (frame["function"], frame["filename"], frame["abs_path"]) == ("<syntax error>", "settings.py", str(path))
    assert frame["context_line"] == path.read_text().splitlines()[frame["lineno"] - 1]
    assert frame["colno"] == error.offset  # type: ignore[attr-defined]
    assert frame["in_app"] is True


def test_without_the_source_the_line_that_the_error_has_is_shown() -> None:
    (frame,) = wrong("invalid", ("/no/such/file.py", 7, 3, "password = 'x' y\n"))
    assert (frame["lineno"], frame["colno"], frame["context_line"]) == (7, 3, "password = 'x' y")
    assert "pre_context" not in frame
    (value,) = exception_values(
        SyntaxError("invalid", ("/no/such/file.py", 7, 3, "password = 'x' y\n")), Frames(), Simplifier(Scrubber())
    )
    assert value["stacktrace"]["frames"][0]["context_line"] == "password = '[Filtered]' y"


@pytest.mark.parametrize(
    ("details", "shown"),
    [
        ((None, None, None, None), False),
        (("a.py", None, None, None), False),
        (("a.py", 0, 1, "x"), False),
        (("a.py", -5, 1, "x"), False),
        (("a.py", "7", 1, "x"), False),
        ((5, 7, 1, "x"), False),
        (("a.py", 7, None, None), True),
        (("a.py", 7, 0, b"bytes"), True),
        (("a.py", 7, -1, 5), True),
        (("a.py", 10**400, 10**400, "x"), True),
        (("\ud800", 7, "1", "\ud800"), True),
        (("x" * 10_000, 7, 1, "x" * 10_000), True),
    ],
)
def test_a_syntax_error_with_odd_details_does_no_harm(details: tuple[Any, ...], shown: bool) -> None:
    frames = wrong("invalid", details)
    assert len(frames) == shown
    assert all(len(str(part)) <= 512 for frame in frames for part in frame.values())


def test_what_a_syntax_error_says_of_itself_is_not_asked() -> None:
    class Own(SyntaxError):
        def refuse(self, *arguments: object) -> NoReturn:
            raise SystemExit

        filename = lineno = offset = text = property(refuse)
        __getattribute__ = refuse

    (value,) = values_of(Own("invalid", ("/no/such/file.py", 7, 3, "x y")))
    assert value["stacktrace"]["frames"][0]["lineno"] == 7


# Notes


def with_notes(notes: object) -> BaseException:
    error = ValueError("said")
    error.__notes__ = notes  # type: ignore[attr-defined]
    return error


class Notes(list[str]):
    """A list of its own."""


@pytest.mark.parametrize(
    ("notes", "shown"),
    [
        (["one", "two"], "said\none\ntwo"),
        (["of\nmany lines"], "said\nof\nmany lines"),
        ([], "said"),
        ([5, None, b"x", ["y"], Bad()], "said\n5\nNone\nb'x'\n['y']\n<Bad whose repr raised SystemExit>"),
        ("text", "said"),
        (None, "said"),
        (5, "said"),
        (("a tuple",), "said"),
        (Notes(["own"]), "said"),
        (Bad(), "said"),
        (["\ud800"], "said\n\\ud800"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_notes_are_shown_below_the_message(notes: object, shown: str) -> None:
    assert values_of(with_notes(notes))[0]["value"] == shown


def test_of_very_many_and_very_long_notes_the_first_are_shown() -> None:
    shown = values_of(with_notes([str(number) for number in range(1_000_000)]))[0]["value"].split("\n")
    assert shown == ["said", *map(str, range(20)), "... 999980 more notes"]
    assert len(values_of(with_notes(["x" * 10_000_000]))[0]["value"]) == len("said\n") + 1_024
    nested: Any = ["x"]
    for _ in range(100):
        nested = [nested, nested]
    assert len(values_of(with_notes([nested]))[0]["value"]) < 2_000


def test_an_exception_that_refuses_to_tell_its_notes_has_none() -> None:
    class Refusing(Exception):
        @property
        def __notes__(self) -> NoReturn:
            raise SystemExit

    assert values_of(Refusing("said"))[0]["value"] == "said"


def test_secrets_in_notes_and_messages_are_hidden() -> None:
    error = with_notes(["password=hunter2", {"token": "hunter2"}])
    error.args = ("postgres://user:hunter2@host/db",)
    (value,) = exception_values(error, Frames(), Simplifier(Scrubber()))
    assert value["value"] == "postgres://[Filtered]@host/db\npassword=[Filtered]\n{'token': '[Filtered]'}"


# What it says


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError(), ""),
        (ValueError("a"), "a"),
        (ValueError("a", 5), "('a', 5)"),
        (ValueError(5), "5"),
        (ValueError(["a", (1,)]), "['a', [1]]"),
        (ValueError("a", {"b": 1}), "('a', {'b': 1})"),
        (KeyError("a"), "'a'"),
        (KeyError(("a", 1)), "['a', 1]"),
        (OSError(2, "missing", "file"), "[Errno 2] missing: 'file'"),
        (RuntimeError(ValueError("inner")), "inner"),
        (RuntimeError(RuntimeError(KeyError("inner"))), "'inner'"),
        (RuntimeError("failed", ValueError("inner")), "('failed', ValueError('inner'))"),
        (UnicodeDecodeError("utf-8", b"a\xff", 1, 2, "bad"), "'utf-8' codec can't decode byte 0xff in position 1: bad"),
    ],
    ids=repr,
)
def test_what_an_exception_says(error: BaseException, message: str) -> None:
    assert values_of(error)[0]["value"] == message


@pytest.mark.parametrize("wrap", [lambda it: [it, it], lambda it: ValueError(it, it), lambda it: {"a": it, "b": it}])
@pytest.mark.parametrize("kind", [ValueError, KeyError, OSError])
def test_an_exception_that_holds_very_much_says_a_part_of_it(wrap: Callable[[Any], Any], kind: type[Exception]) -> None:
    """Of what `str` would make of it, there is no end."""
    value: Any = "x"
    for _ in range(100):
        value = wrap(value)
    for error in (kind(value), kind("a", value), ValueError(kind(value))):
        assert len(values_of(error)[0]["value"]) <= 4_096


def test_exceptions_that_have_only_each_other_to_say() -> None:
    error: BaseException = ValueError("inner")
    for _ in range(5_000):
        error = RuntimeError(error)
    assert len(values_of(error)[0]["value"]) <= 4_096
    loop = ValueError()
    loop.args = (loop,)
    assert "the same object again" in values_of(loop)[0]["value"]
    while error.args and isinstance(error.args[0], BaseException):  # freeing it at once would recurse
        error, error.args = error.args[0], ()


# Groups


groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no groups before")


def group(*members: Exception, name: str = "group") -> Any:
    import builtins

    return vars(builtins)["ExceptionGroup"](name, list(members))


def links(error: BaseException) -> list[tuple[str, Any, Any, bool]]:
    """Of each exception, the outermost first: what it says, on which it hangs and how, and whether it is a group."""
    return [
        (
            value["value"].partition(" (")[0],
            value["mechanism"].get("parent_id"),
            value["mechanism"].get("source"),
            value["mechanism"].get("is_exception_group", False),
        )
        for value in reversed(values_of(error))
    ]


@groups
def test_the_members_of_a_group_hang_on_it() -> None:
    inner = group(KeyError("b"), TypeError("c"), name="inner")
    inner.__cause__ = OSError("why")
    assert links(group(ValueError("a"), inner)) == [
        ("group", None, None, True),
        ("a", 0, "exceptions[0]", False),
        ("inner", 0, "exceptions[1]", True),
        ("why", 2, "__cause__", False),
        ("'b'", 2, "exceptions[0]", False),
        ("c", 2, "exceptions[1]", False),
    ]


@groups
def test_a_member_that_is_there_twice_is_told_once() -> None:
    shared = ValueError("shared")
    error = group(shared, shared, group(shared, name="inner"))
    error.__cause__ = shared
    assert [link[0] for link in links(error)] == ["group", "shared", "inner"]


@groups
def test_a_group_that_its_member_leads_back_to_ends() -> None:
    member = ValueError("member")
    error = group(member)
    member.__cause__ = error
    assert [link[0] for link in links(error)] == ["group", "member"]


@groups
@pytest.mark.parametrize("nested", [False, True])
def test_of_very_many_members_the_first_are_told(nested: bool) -> None:
    if nested:
        error = group(ValueError("at the bottom"))
        for _ in range(500):
            error = group(error, ValueError("beside"))
    else:
        error = group(*(ValueError(str(number)) for number in range(10_000)))
    values = values_of(error)
    assert len(values) == 51
    assert values[0]["value"] == "Further exceptions were left out."


@groups
def test_what_a_group_says_of_itself_is_not_asked() -> None:
    import builtins

    class Own(vars(builtins)["ExceptionGroup"]):  # type: ignore[misc]
        @property
        def exceptions(self) -> NoReturn:
            raise SystemExit

    assert values_of(Own("group", [ValueError("member")]))[0]["value"] == "member"


# Bounds, and where it was captured


def test_all_frames_of_all_exceptions_share_a_bound() -> None:
    def down(levels: int, before: BaseException | None) -> NoReturn:
        if levels:
            down(levels - 1, before)
        raise ValueError from before

    error: BaseException | None = None
    for _ in range(40):
        error = caught(down, 150, error)
    assert error is not None
    counts = [len(value["stacktrace"]["frames"]) for value in values_of(error)]
    assert counts[-1] == 101
    assert sum(counts) <= 400 + 3 * len(counts)
    assert min(counts) >= 2


def test_an_exception_that_was_never_raised_gets_the_stack_of_where_it_was_captured() -> None:
    cause = KeyError("cause")
    error = ValueError("made")
    error.__cause__ = cause
    values = exception_values(error, Frames(), Simplifier(), caller=sys._getframe())
    frames = values[-1]["stacktrace"]["frames"]
    assert frames[-1]["function"].endswith(sys._getframe().f_code.co_name)
    assert "never raised" in values[-1]["mechanism"]["description"]
    assert "stacktrace" not in values[0]


def test_one_that_was_raised_keeps_its_own_frames() -> None:
    values = exception_values(caught(deep, 2), Frames(), Simplifier(), caller=sys._getframe())
    assert values[-1]["stacktrace"]["frames"][-1]["function"] == "deep"
    assert "description" not in values[-1]["mechanism"]


def test_the_mechanism_is_that_of_the_outermost_and_all_are_as_unhandled_as_it() -> None:
    error = ValueError()
    error.__cause__ = KeyError()
    values = exception_values(error, Frames(), Simplifier(), {"type": "excepthook", "handled": False})
    assert [value["mechanism"]["type"] for value in values] == ["chained", "excepthook"]
    assert [value["mechanism"]["handled"] for value in values] == [False, False]


def test_to_be_shown_changes_nothing_about_an_exception() -> None:
    error = caught(deep, 3)
    error.__cause__ = KeyError("cause")
    before = (error.args, error.__traceback__, error.__cause__, error.__context__, dict(vars(error)))
    frame = error.__traceback__.tb_frame if error.__traceback__ else None
    names = dict(frame.f_locals) if frame else {}
    values_of(error)
    assert (error.args, error.__traceback__, error.__cause__, error.__context__, dict(vars(error))) == before
    assert frame is not None
    assert dict(frame.f_locals) == names


@pytest.fixture(autouse=True)
def clean_cache() -> Iterator[None]:
    yield
    linecache.clearcache()
