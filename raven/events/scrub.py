"""Take secrets out: by the name of what holds them, and by their look.

This errs on the side of taking out too much. It can't be complete: a secret that is called by no telling name, and looks
like any other text, stays.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

FILTERED = "[Filtered]"
"""What stands where a secret was. Sentry's own word for it."""

# Parts of names that tell by themselves, wherever in a name they stand ...
_PARTS = (
    "password|passwd|passphrase|passcode|passkey|pwd|secret(?!ar[iy])|api[_-]?key|access[_-]?key|account[_-]?key"
    "|private[_-]?key|signing[_-]?key|encryption[_-]?key|authorization|credential|cookie|csrf|xsrf|[_-]signature"
    "|sess(?:ion)?[_-]?(?:id|key|token)|card[_-]?(?:number|no\\b|num\\b)|credit[_-]?card|cc[_-]?num|security[_-]?code"
    # Not the tokens of a language, nor how many of them there are.
    "|(?<!max_)(?<!num_)(?<!total_)(?<!input_)(?<!output_)(?<!prompt_)(?<!completion_)tokens?(?!i[sz]|_count|s?_used)"
)
# ... and words that do so only by themselves: "passenger", "author" and "design" have them too ...
_WORDS = "pass|pw|auth|session|sess|sid|sig|ssn|cvv2?|cvc2?|pin|otp|jwt"
# ... or as a part of what is written likeThis.
_HUMPS = "Pass|Pw|Auth|Session|Sid|Sig|Ssn|Cvv|Cvc|Pin|Otp|Jwt"
# Of these the addresses of persons are made.
_PERSONAL = "remote[_-]?addr|x[_-]?forwarded[_-]?for|x[_-]?real[_-]?ip|ip[_-]?addr(?:ess)?|client[_-]?ip"

_MANY_NAMES = 4_096


class _Late:
    """Stands for a pattern, which is compiled when it is first used. For all of them that takes milliseconds, which a
    program that has no events should not pay with each start.
    """

    def __init__(self, pattern: str, flags: int) -> None:
        self._given = pattern, flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        method = getattr(re.compile(*self._given), name)
        setattr(self, name, method)  # so that this is asked for once
        return method


def _late(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return cast("re.Pattern[str]", _Late(pattern, flags))


# `user:password@` of a URL; a password that should be percent-encoded and is not may have anything in it but blanks. How
# far that is looked for is bounded, or it would be looked for up to the end of the text from each of many URLs.
_CREDENTIALS = _late(
    r"(?<=://)(?:[^\s/?#\"'<>@:]*:(?![0-9]+(?:[/?#]|$))[^\s\"'<>@]{0,100}|[^\s/?#\"'<>@]+)(?:@[^\s/?#\"'<>@]+)*@"
)
# A word, as in "basic authentication", is none.
_BEARER = _late(r"\b((?i:bearer|basic)\s+)(?![A-Za-z][a-z]+\.?(?![\w+/=.~-]))[\w+/=.~-]{8,}")
_PRIVATE_KEY = _late(
    r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)", re.DOTALL
)
# Of these services, whatever begins like this is a key.
_KEY = _late(
    r"(?:AKIA[0-9A-Z]{16}|gh[opsu]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|[rs]k_(?:live|test)_\w{10,}"
    r"|xox[abprs]-[\w-]{10,}|AIza[\w-]{30,}|sk-(?<![\w-]sk-)[\w-]{20,}|eyJ(?<![\w-]eyJ)[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?)"
)
# `--password x` of a command, `<password>x</password>`.
_OPTION = _late(r"(?<![\w-])--?([\w-]{2,60})[ \t]+(\"[^\"]*\"|'[^']*'|[^\s-]\S*)")
_ELEMENT = _late(r"<([\w:.-]{2,60})(?:\s[^<>]{0,200})?>([^<]+)(?=</)")
# What cards begin with, and 13 to 19 digits in all, alone or in groups.
_CARD = _late(r"[2-6](?<![\w.][2-6])[0-9](?:[ -]?[0-9]){11,17}(?!\w)")
_DIGITS = _late(r"[2-6][0-9][0-9 -]{9}")
_UNQUOTED = _late(r"<[^<>\n]{1,200}>|[^\s,;&'\"<>)\]}]*")
_WITH_SCHEME = _late(r"(?:bearer|basic|digest|token|negotiate)\s+[^\s,;&'\"<>)\]}]*", re.IGNORECASE)
_QUOTE = _late(r"[bBrRuUfF]{0,2}(\\*[\"']{3}|\\*[\"'])")
# `password": `, `pwd=`, `'x-api-key', '` and `user%5Bpassword%5D%3D`.
_BETWEEN = _late(r"(?::=?|=[=>]?|,|!=|%3[ADad])\s*")
# Between a name and its value in code there may be a type: `password: str = "..."`.
_ANNOTATION = _late(r"[\w.\[\], |\"']{1,80}=\s{0,8}")
_LITERAL = _late(r"([\"'])((?:\\.|(?!\1)[^\\])*)(?:\1|$)")
_NOT_NAME = _late(r"\\[nrt]?|[^\w.%\[\]\\-]+")
_LONGEST_NAME = 80
_KEYS = frozenset({"key", "Key", "KEY"})
"""Which by themselves are no secrets, but an API key is."""
_EMPTY = frozenset({"None", "null", "True", "False", "true", "false", "?", "%s"})
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class _Names(dict[str, bool]):
    """Remembers which names are those of secrets. A dict, because most of the time it is asked for what it knows.

    What has a secret in itself is not remembered, for it may be a text that only might be a name. So what is remembered can
    be shown as it is.
    """

    def __init__(self, pattern: str, clean: Callable[[str], str]) -> None:
        self._pattern = _late(pattern, re.IGNORECASE)
        self._clean = clean

    def __missing__(self, name: str) -> bool:
        known = self._pattern.search(name) is not None
        if len(name) <= _LONGEST_NAME and name.isascii() and self._clean(name) == name:
            if len(self) >= _MANY_NAMES:
                self.clear()
            self[name] = known
        return known


class Scrubber:
    """Knows secrets by their names and by their look.

    `keys`: further parts of names, such as "iban". `personal`: leave in what tells of a person's network address.
    """

    def __init__(self, keys: Iterable[str] = (), personal: bool = False) -> None:
        parts = "|".join([_PARTS, *map(re.escape, keys), *(() if personal else (_PERSONAL,))])
        word = rf"(?<![a-z0-9])(?:{_WORDS})(?![a-z0-9])"
        hump = rf"(?-i:(?<=[a-z])(?:{_HUMPS})(?![a-z]))"
        self.hides: Mapping[str, bool] = _Names(f"(?:{parts}|{word}|{hump})", self.text)
        """Whether what goes by a name is a secret, for any name."""

    def text(self, text: str, code: bool = False) -> str:
        """The text without the secrets in it. Of `code`, only what is written in quotes can be one."""
        if len(text) < 4:
            return text
        # Most texts have nothing of this, and to look whether they do, a character first, is cheaper than any pattern. This
        # comes first because it has many lines, and the value of a name may end with the line.
        if "-" in text and "PRIVATE KEY" in text:
            text = _PRIVATE_KEY.sub(FILTERED, text)
        if (
            ":" in text
            or "=" in text
            or ("," in text and ("'," in text or '",' in text))
            or ("%" in text and "%3" in text)
        ):
            text = self._without_named(text, code)
        if "@" in text and "://" in text:
            text = _CREDENTIALS.sub(_credentials_of_code if code else f"{FILTERED}@", text)
        if len(text) < 12:
            return text
        if _DIGITS.search(text) is not None:
            text = _CARD.sub(_card, text)
        has_a = "A" in text
        if (
            "_" in text
            or "-" in text
            or (has_a and ("AKIA" in text or "AIza" in text))
            or ("J" in text and "eyJ" in text)
        ):
            text = _KEY.sub(FILTERED, text)
        if "-" in text and ("--" in text or " -" in text):
            text = _OPTION.sub(self._named, text)
        if "<" in text and "</" in text:
            text = _ELEMENT.sub(self._named, text)
        if "earer" in text or "asic" in text or (has_a and ("EARER" in text or "ASIC" in text)):
            text = _BEARER.sub(rf"\1{FILTERED}", text)
        return text

    def number(self, number: int) -> bool:
        """Whether a number may well be that of a card."""
        return 10**12 <= number < 10**19 and _CARD.sub(_card, str(number)) == FILTERED

    def _named(self, found: re.Match[str]) -> str:
        """What was found, a name and its value, without the value if the name tells."""
        if not self.hides[found[1]]:
            return found[0]
        return found[0][: found.start(2) - found.start()] + FILTERED

    def _without_named(self, text: str, code: bool) -> str:
        # Names that tell are many, and what stands between a name and its value is short: look for that.
        pieces, done = [], 0
        literals = [found.span(2) for found in _LITERAL.finditer(text)] if code else []
        for found in _BETWEEN.finditer(text):
            at = found.start()
            if at < done or (text[at] == "," and text[at - 1].isalnum()):
                continue
            before = text[max(done, at - _LONGEST_NAME) : at].rstrip()
            if text[at] == "," and before[-1:] not in "'\"":  # only in a list of texts may the one before be a name
                continue
            unquoted = before.rstrip("\\'\"]")
            word = unquoted[unquoted.rfind(" ") + 1 :]
            name = word if word.isalnum() else _NOT_NAME.split(word)[-1]
            if name in _KEYS:
                name = "_".join(_NOT_NAME.split(unquoted)[-2:])
            if not name or not self.hides[name]:
                continue
            start, end = found.end(), len(text)
            if code:
                start, end = _value_of_code(text, start, literals)
            begin, end = _value(text, start, end, name.lower(), found[0])
            if end > begin:
                pieces += [text[done:begin], FILTERED]
                done = end
        return "".join([*pieces, text[done:]]) if pieces else text


def _value_of_code(text: str, start: int, literals: list[tuple[int, int]]) -> tuple[int, int]:
    """Where in a line of code a value may begin that is written out, and where it ends at the latest."""
    before = bisect_left(literals, (start,)) - 1
    if before >= 0 and start <= literals[before][1]:  # within a literal; what an f-string fills in is no secret itself
        return start, start if text[start : start + 1] in ("{", "%") else literals[before][1]
    if not _QUOTE.match(text, start):
        annotation = _ANNOTATION.match(text, start)
        start = annotation.end() if annotation else start
    return (start, len(text)) if _QUOTE.match(text, start) else (start, start)


def _value(text: str, start: int, stop: int, name: str, between: str) -> tuple[int, int]:
    """Where the value begins and ends that is found at `start`. It is empty if there is none."""
    if start >= stop:
        return start, start
    quote = _QUOTE.match(text, start, stop)
    if quote is not None:
        return quote.end(), _end_of_quoted(text, quote, stop)
    if text[start] in _CLOSING:
        return start, _end_of_bracketed(text, start, stop)
    if between[0] == ",":
        return start, start
    if "cookie" in name or "authorization" in name:  # a header's value goes on to the end of the line
        end = text.find("\n", start, stop)
        return start, stop if end < 0 else end
    value = _WITH_SCHEME.match(text, start, stop) or _UNQUOTED.match(text, start, stop)
    assert value is not None
    # "Unexpected token: )" tells no secret, nor does "password=None", nor how many tokens there are.
    short = between[0] == ":" and len(value[0]) < 4 and not value[0].isdigit()
    counted = name.endswith("tokens") and value[0].isdigit()
    if short or counted or value[0] in _EMPTY:
        return start, start
    called = value[0].find("(")
    return start, value.end() if called < 0 else _end_of_bracketed(text, start + called, stop)


def _end_of_quoted(text: str, quote: re.Match[str], stop: int) -> int:
    mark = quote[1]
    end = text.find(mark, quote.end(), stop)
    # A quote that is escaped deeper than the opening one belongs to the text.
    while end > 0 and text[end - 1] == "\\":
        end = text.find(mark, end + 1, stop)
    return stop if end < 0 else end


def _end_of_bracketed(text: str, start: int, stop: int) -> int:
    waiting: list[str] = []
    for at in range(start, stop):
        each = text[at]
        if each in _CLOSING:
            waiting.append(_CLOSING[each])
        elif waiting and each == waiting[-1]:
            waiting.pop()
            if not waiting:
                return at + 1
    return stop


def _credentials_of_code(found: re.Match[str]) -> str:
    return found[0] if "{" in found[0] else f"{FILTERED}@"


def _card(found: re.Match[str]) -> str:
    """The card number's replacement; the text itself if it is none, by Luhn's sum."""
    digits = [int(each) for each in found[0] if each.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return FILTERED if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else found[0]
