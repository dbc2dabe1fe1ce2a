"""Frames by themselves: whose they are, which are hidden, what is remembered of them, names and columns."""

from __future__ import annotations

import functools
import linecache
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from raven.events import frames as module
from raven.events.frames import Frames, places_of_stack, places_of_traceback
from raven.events.scrub import FILTERED, Scrubber
from raven.events.values import Simplifier

LIBRARY = "/srv/venv/lib/python3/site-packages/lib/x.py"
OWN = "/srv/app/shop/cart.py"


def caught(function: Callable[..., object], *arguments: object) -> BaseException:
    with pytest.raises(BaseException) as raised:  # noqa: PT011  whatever it raises
        function(*arguments)
    return raised.value


def run(source: str, filename: str = OWN, /, **names: object) -> BaseException:
    """The exception that a piece of code raises, which was compiled with this name of a file."""
    return caught(exec, compile(source, filename, "exec"), {"__name__": "shop.cart", **names})


def show(error: BaseException, frames: Frames | None = None) -> list[dict[str, Any]]:
    return (frames or Frames()).show(places_of_traceback(error.__traceback__), Simplifier())


def last(error: BaseException, frames: Frames | None = None) -> dict[str, Any]:
    return show(error, frames)[-1]


@pytest.fixture(autouse=True)
def clean_cache() -> Iterator[None]:
    yield
    linecache.clearcache()


# Whose they are


@pytest.mark.parametrize(
    ("include", "exclude", "name", "path", "own"),
    [
        ((), (), "shop.cart", OWN, True),
        ((), (), "lib.x", LIBRARY, False),
        (("lib",), (), "lib.x", LIBRARY, True),
        (("lib",), (), "lib", LIBRARY, True),
        (("lib",), (), "library", LIBRARY, False),
        (("lib.x.y",), (), "lib.x", LIBRARY, False),
        ((), ("shop",), "shop.cart", OWN, False),
        ((), ("shop",), "shopping", OWN, True),
        ((), ("shop.till",), "shop.cart", OWN, True),
        (("shop.cart",), ("shop",), "shop.cart.items", OWN, True),
        (("shop.cart",), ("shop",), "shop.till", OWN, False),
        (("shop",), ("shop.cart",), "shop.cart.items", OWN, False),
        (("shop",), ("shop.cart",), "shop.till", LIBRARY, True),
        (("shop",), ("shop",), "shop", LIBRARY, True),
        (("shop",), (), None, OWN, True),
        ((), ("shop",), 5, OWN, True),
        ((), ("",), "", OWN, True),
    ],
)
def test_the_longest_rule_that_fits_says_whose_a_module_is(
    include: tuple[str, ...], exclude: tuple[str, ...], name: object, path: str, own: bool
) -> None:
    frame = last(run("raise ValueError", path, __name__=name), Frames(include, exclude))
    assert frame["in_app"] is own


def test_a_module_of_very_many_parts_is_no_trouble() -> None:
    assert last(run("raise ValueError", __name__="a." * 5_000), Frames(["b"]))["in_app"] is True


# Hidden


HIDING = """
def hidden(value):
    {line}
    raise ValueError
def seen():
    hidden(5)
seen()
"""


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        ("__traceback_hide__ = True", True),
        ("__traceback_hide__ = 1", True),
        ("__traceback_hide__ = 'yes'", True),
        ("__tracebackhide__ = True", False),
        ("__traceback_hide__ = False", False),
        ("__traceback_hide__ = 0", False),
        ("__traceback_hide__ = None", False),
        ("__traceback_hide__ = Bad()", False),
        ("del value; __traceback_hide__ = True; del __traceback_hide__", False),
        ("pass", False),
    ],
)
def test_a_frame_that_asks_for_it_is_hidden(line: str, hidden: bool) -> None:
    class Bad:
        def __bool__(self) -> NoReturn:
            raise SystemExit

    functions = [frame["function"] for frame in show(run(HIDING.format(line=line), Bad=Bad))]
    assert functions[-2:] == (["<module>", "seen"] if hidden else ["seen", "hidden"])


def test_hidden_frames_are_not_among_those_that_are_counted() -> None:
    source = "def down(n):\n    __traceback_hide__ = n % 2\n    down(n - 1) if n else 1 / 0\ndown(300)"
    frames = Frames().show(places_of_traceback(run(source).__traceback__), Simplifier(), 10)
    assert len(frames) == 11
    assert frames[5]["function"] == f"<{151 + 2 - 10} frames left out>"


# How many


@pytest.mark.parametrize(("most", "shown"), [(2, 3), (3, 3), (4, 5), (10, 11), (100, 51)])
def test_of_more_frames_than_asked_for_the_middle_is_left_out(most: int, shown: int) -> None:
    error = run("def down(n):\n    down(n - 1) if n else 1 / 0\ndown(48)")
    frames = Frames().show(places_of_traceback(error.__traceback__), Simplifier(), most)
    assert len(frames) == shown
    assert frames[-1]["vars"] == {"n": 0}


def test_the_innermost_variables_come_first_when_there_are_too_many() -> None:
    error = run("def down(n):\n    text = str(n) * 50\n    down(n - 1) if n else 1 / 0\ndown(20)")
    frames = Frames().show(places_of_traceback(error.__traceback__), Simplifier(characters=500))
    assert frames[-1]["vars"]["n"] == 0
    assert "text" in frames[-1]["vars"]
    assert frames[2]["vars"] == {"...": "2 more"}


# What is remembered


def test_the_same_place_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def getlines(path: str, names: object) -> list[str]:
        looked.append(path)
        return ["raise ValueError\n"]

    monkeypatch.setattr(linecache, "getlines", getlines)
    frames = Frames()
    code = compile("raise ValueError", OWN, "exec")
    shown = [last(caught(exec, code, {"__name__": "shop"}), frames) for _ in range(3)]
    assert looked.count(OWN) == 1
    assert shown[0]["context_line"] == shown[2]["context_line"] == "raise ValueError"


def test_what_the_program_does_to_an_event_does_not_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = 1\nraise ValueError\ny = 2\n")
    frames = Frames()
    code = compile(path.read_text(), str(path), "exec")
    first = last(caught(exec, code, {"__name__": "shop"}), frames)
    first["pre_context"].append("changed")
    first["post_context"].clear()
    first["context_line"] = first["function"] = "changed"
    second = last(caught(exec, code, {"__name__": "shop"}), frames)
    assert (second["pre_context"], second["context_line"], second["post_context"]) == (
        ["x = 1"],
        "raise ValueError",
        ["y = 2"],
    )
    assert second["function"] == "<module>"


def test_the_same_code_in_another_module_is_another_modules() -> None:
    frames = Frames(exclude=["lib"])
    code = compile("raise ValueError", OWN, "exec")
    names = ["shop.cart", "lib.x", "shop.cart", 5, None]
    shown = [last(caught(exec, code, {"__name__": name}), frames) for name in names]
    assert [frame["module"] for frame in shown] == ["shop.cart", "lib.x", "shop.cart", None, None]
    assert [frame["in_app"] for frame in shown] == [True, False, True, True, True]


def test_a_file_that_has_changed_is_read_again_for_new_code(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    frames = Frames()
    for text in ("raise ValueError # one\n", "raise ValueError # and two\n"):
        path.write_text(text)
        linecache.checkcache(str(path))
        error = caught(exec, compile(text, str(path), "exec"), {"__name__": "shop"})
        assert last(error, frames)["context_line"] == text.rstrip()


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_CODES", 10)
    monkeypatch.setattr(module, "_MOST_PLACES", 5)
    frames = Frames()
    for number in range(50):
        assert last(run(f"\nraise ValueError({number})"), frames)["lineno"] == 2
        assert len(frames._codes) <= 10
    lines = "\n".join(f"    if n == {number}: raise ValueError" for number in range(50))
    names: dict[str, Any] = {"__name__": "shop"}
    exec(compile(f"def many(n):\n{lines}", OWN, "exec"), names)
    for number in range(50):
        assert last(caught(names["many"], number), frames)["lineno"] == number + 2
    assert all(len(code._places) <= 5 for code in frames._codes.values())


# Columns


@pytest.mark.skipif(sys.version_info < (3, 11), reason="code has no columns before")
@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("raise ValueError", "raise"),
        ("x = 1 + (1 / 0)", "1 / 0"),
        ("größe = 'äöü€' + str(1 / 0)", "1 / 0"),
        ("s = '🎈🎈'; t = s + str(1 / 0)", "1 / 0"),
        ("if True:\t1 / 0", "1 / 0"),
        ("[n / 0 for n in (1,)]", "n / 0"),
        ("None.nothing", "None.nothing"),
    ],
)
def test_the_column_is_that_of_the_character(line: str, at: str, tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(line, encoding="utf-8")
    frame = last(run(line, str(path)))
    assert frame["colno"] == line.index(at) + 1


def test_what_begins_on_another_line_has_no_column_of_this_one(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("x = [\n    1,\n    1 /\n    0,\n]\n")
    frame = last(run(path.read_text(), str(path)))
    assert frame["lineno"] == 3
    assert frame.get("colno") in (None, 5)


def test_a_file_with_other_lines_than_the_code_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    for text in ("é", "", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "x" * 10_000):
        path.write_text(text, encoding="utf-8")
        linecache.clearcache()
        frame = last(run("größe = 'äöü€' + str(1 / 0)", str(path)))
        assert frame["lineno"] == 1


# Names


class Shop:
    def method(self) -> NoReturn:
        raise ValueError

    @classmethod
    def of_class(cls) -> NoReturn:
        raise ValueError

    @staticmethod
    def static() -> NoReturn:
        raise ValueError

    @property
    def price(self) -> NoReturn:
        raise ValueError

    def captured(self) -> NoReturn:
        def inner() -> object:
            return self

        raise ValueError(inner)

    @functools.lru_cache(None)  # noqa: B019  what is tested is its name
    def cached(self) -> NoReturn:
        raise ValueError


class Branch(Shop):
    pass


def test_methods_are_named_with_their_class() -> None:
    shop = Branch()
    assert last(caught(shop.method))["function"] == "Shop.method"
    assert last(caught(shop.of_class))["function"] == "Shop.of_class"
    assert last(caught(Branch.of_class))["function"] == "Shop.of_class"
    assert last(caught(lambda: shop.price))["function"] == "Shop.price"
    assert last(caught(shop.captured))["function"] == "Shop.captured"
    # Of these, nothing leads from the frame to the class before 3.11.
    qualified = sys.version_info >= (3, 11)
    assert last(caught(shop.static))["function"] == ("Shop.static" if qualified else "static")
    assert last(caught(shop.cached))["function"] == ("Shop.cached" if qualified else "cached")


def test_what_a_function_is_called_on_is_not_asked() -> None:
    class Meta(type):
        def __getattribute__(cls, name: str) -> NoReturn:
            raise SystemExit

        __eq__ = __instancecheck__ = __subclasscheck__ = __getattribute__  # type: ignore[assignment]
        __hash__ = None  # type: ignore[assignment]

    class Refusing:
        def __getattribute__(self, name: str) -> NoReturn:
            raise SystemExit

    def outside(self: object) -> NoReturn:
        raise ValueError

    # An attribute of the function's name, that is no function.
    kind = type.__call__(Meta, "Kind", (), {"outside": Refusing()})
    for value in (Refusing(), kind, object.__new__(kind)):
        assert last(caught(outside, value))["function"].endswith("outside")


# Variables


def test_what_a_module_defines_is_left_out_and_the_rest_is_shown() -> None:
    source = "import sys\nfrom math import sin\ndef f(): pass\nclass C: pass\nx = 5\ng = f\nraise ValueError"
    assert last(run(source))["vars"] == {"x": 5}
    source = "def outer():\n    import sys\n    def f(): pass\n    class C: pass\n    x = 5\n    1 / 0\nouter()"
    assert set(last(run(source))["vars"]) == {"sys", "f", "C", "x"}


def test_names_of_pythons_own_are_left_out() -> None:
    shown = last(run("__x__ = 1; _x = 2; __y = 3; z__ = 4; __ = 5\nraise ValueError"))["vars"]
    assert set(shown) >= {"_x", "__y", "z__"}
    assert "__x__" not in shown
    assert "__name__" not in shown


def test_secrets_in_variables_and_in_the_source_are_hidden(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("password = 'hunter2'\nuser = 'Jane'\nconnect = [password][1]\n")
    error = run(path.read_text(), str(path))
    frames = Frames(scrubber=Scrubber())
    frame = frames.show(places_of_traceback(error.__traceback__), Simplifier(Scrubber()))[-1]
    assert frame["vars"] == {"password": FILTERED, "user": "'Jane'"}
    assert frame["pre_context"] == [f"password = '{FILTERED}'", "user = 'Jane'"]


def test_without_local_variables_there_are_none() -> None:
    assert all("vars" not in frame for frame in show(run("x = 5\nraise ValueError"), Frames(local_variables=False)))


def test_ravens_own_variables_are_never_shown() -> None:
    shown = last(run("dsn = 'https://key@host/1'\nraise ValueError", __name__="raven.sinks.http"))
    assert shown["vars"] == {}
    assert last(run("x = 5\nraise ValueError", __name__="ravenous"))["vars"] == {"x": 5}


def test_of_very_many_variables_those_that_the_line_names_come_first(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("".join(f"v{number} = {number}\n" for number in range(200)) + "v150 / v0 / (v199 - 199)\n")
    shown = last(run(path.read_text(), str(path)))["vars"]
    assert {"v150", "v0", "v199"} <= set(shown)
    assert len(shown) == 51


# The stack


def test_the_stack_is_without_those_by_whom_raven_was_called() -> None:
    source = "def step(rest, *last): return rest[0](rest[1:], *last) if rest else last[0](last[1]())"
    steps = []
    for name in ("shop", "logging", "shop.handlers", "logging", "raven.handlers.logging", "raven"):
        names: dict[str, Any] = {"__name__": name}
        exec(compile(source, f"/{name}.py", "exec"), names)
        steps.append(names["step"])
    places = steps[0](steps[1:], places_of_stack, sys._getframe)
    stack = [place[0].f_globals["__name__"] for place in places]
    assert stack[-3:] == ["shop", "logging", "shop.handlers"]
    assert stack[-4] == __name__
    assert [line for _, line, _ in places[-3:]] == [1, 1, 1]


def test_no_frame_has_no_stack() -> None:
    assert places_of_stack(None) == []
    assert places_of_traceback(None) == []
    assert Frames().show([], Simplifier()) == []
