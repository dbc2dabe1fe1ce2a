"""Take secrets out: by the name of what holds them, and by their look.

This errs on the side of taking out too much. It can't be complete: a secret that is called by no telling name, and looks
like any other text, stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

FILTERED = "[Filtered]"
"""What stands where a secret was. Sentry's own word for it."""

# Parts of names that tell by themselves, wherever in a name they stand ...
_PARTS = (
    "password|passwd|passphrase|passcode|pwd|secret(?!ar[iy])|tokens?(?!i[sz]|_count)|api[_-]?key|access[_-]?key"
    "|private[_-]?key|signing[_-]?key|encryption[_-]?key|authorization|credential|cookie|csrf|xsrf"
    "|session[_-]?(?:id|key|token)|card[_-]?(?:number|no\\b|num\\b)|credit[_-]?card|cc[_-]?num|security[_-]?code"
)
# ... and words that do so only by themselves: "passenger", "author" and "company" have them too.
_WORDS = "pass|pw|auth|session|sess|sid|ssn|cvv2?|cvc2?|pan|pin|otp|jwt|dsn"
# Of these the addresses of persons are made.
_PERSONAL = "remote[_-]?addr|x[_-]?forwarded[_-]?for|x[_-]?real[_-]?ip|ip[_-]?addr(?:ess)?|client[_-]?ip"

_MANY_NAMES = 4_096

_CREDENTIALS = re.compile(r"(?<=://)[^\s/?#\"'<>@]*(?:@[^\s/?#\"'<>@]+)*@")
_BEARER = re.compile(r"\b((?:bearer|basic)\s+)[\w+/=.~-]{8,}", re.IGNORECASE)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
# What cards begin with, and 13 to 19 digits in all, alone or in groups.
_CARD = re.compile(r"[2-6](?<![\w.][2-6])[0-9](?:[ -]?[0-9]){11,17}(?!\w)")
_UNQUOTED = re.compile(r"[^\s,;&'\"<>)\]}]*")
_WITH_SCHEME = re.compile(r"(?:bearer|basic|digest|token|negotiate)\s+[^\s,;&'\"<>)\]}]*", re.IGNORECASE)
_QUOTE = re.compile(r"[bBrRuUfF]{0,2}(\\*[\"']{3}|\\*[\"'])")
# `password": `, `pwd=`, `'x-api-key', '` and `user%5Bpassword%5D%3D`.
_BETWEEN = re.compile(r"(?::=|=>|==?|:|%3[Dd]|,)\s{0,8}")
_NOT_NAME = re.compile(r"[^\w.%\[\]-]+")
_LONGEST_NAME = 80
_EMPTY = frozenset({"None", "null", "True", "False", "true", "false"})
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class _Names(dict[str, bool]):
    """Remembers which names are those of secrets. A dict, because most of the time it is asked for what it knows."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern

    def __missing__(self, name: str) -> bool:
        if len(self) >= _MANY_NAMES:
            self.clear()
        known = self[name] = self._pattern.search(name) is not None
        return known


class Scrubber:
    """Knows secrets by their names and by their look.

    `keys`: further parts of names, such as "iban". `personal`: leave in what tells of a person's network address.
    """

    def __init__(self, keys: Iterable[str] = (), personal: bool = False) -> None:
        parts = "|".join([_PARTS, *map(re.escape, keys), *(() if personal else (_PERSONAL,))])
        word = rf"(?<![a-z0-9])(?:{_WORDS})(?![a-z0-9])"
        self.hides: Mapping[str, bool] = _Names(re.compile(f"(?:{parts}|{word})", re.IGNORECASE))
        """Whether what goes by a name is a secret, for any name."""

    def text(self, text: str, code: bool = False) -> str:
        """The text without the secrets in it. Of `code`, only what is written in quotes can be one."""
        if len(text) < 4:
            return text
        if ":" in text or "=" in text or "%3" in text or "'," in text or '",' in text:
            text = self._without_named(text, code)
        if "://" in text and "@" in text:
            text = _CREDENTIALS.sub(f"{FILTERED}@", text)
        if len(text) > 12:
            text = _CARD.sub(_card, text)
            if "asic " in text or "earer " in text or "ASIC " in text or "EARER " in text:
                text = _BEARER.sub(rf"\1{FILTERED}", text)
            if "PRIVATE KEY-----" in text:
                text = _PRIVATE_KEY.sub(FILTERED, text)
        return text

    def number(self, number: int) -> bool:
        """Whether a number may well be that of a card."""
        return 10**12 <= number < 10**19 and _CARD.sub(_card, str(number)) == FILTERED

    def _without_named(self, text: str, code: bool) -> str:
        # Names that tell are many, and what stands between a name and its value is short: look for that.
        pieces, done = [], 0
        for found in _BETWEEN.finditer(text):
            at = found.start()
            if at < done:
                continue
            before = text[max(done, at - _LONGEST_NAME) : at].rstrip()
            unquoted = before.rstrip("\\'\"")
            name = _NOT_NAME.split(unquoted)[-1]
            if not name or not self.hides[name] or (found[0][0] == "," and unquoted == before):
                continue
            start = found.end()
            end = _end_of_value(text, start, name.lower(), found[0], code)
            if end > start:
                pieces += [text[done:start], FILTERED]
                done = end
        return "".join([*pieces, text[done:]])


def _end_of_value(text: str, start: int, name: str, between: str, code: bool) -> int:
    """Where the value ends that begins at `start`. There, if it is none."""
    quote = _QUOTE.match(text, start)
    if quote is not None:
        return _end_of_quoted(text, quote)
    if code or start >= len(text) or between[0] == ",":
        return start
    if text[start] in _CLOSING:
        return _end_of_bracketed(text, start)
    if "cookie" in name or "authorization" in name:  # a header's value goes on to the end of the line
        end = text.find("\n", start)
        return len(text) if end < 0 else end
    value = _WITH_SCHEME.match(text, start) or _UNQUOTED.match(text, start)
    assert value is not None
    # "Unexpected token: )" tells no secret, nor does "password=None".
    short = between[0] == ":" and len(value[0]) < 4
    return start if short or value[0] in _EMPTY else value.end()


def _end_of_quoted(text: str, quote: re.Match[str]) -> int:
    mark = quote[1]
    end = text.find(mark, quote.end())
    # A quote that is escaped deeper than the opening one belongs to the text.
    while end > 0 and text[end - 1] == "\\":
        end = text.find(mark, end + 1)
    return len(text) if end < 0 else quote.start() if end == quote.end() else end + len(mark)


def _end_of_bracketed(text: str, start: int) -> int:
    waiting: list[str] = []
    for at in range(start, len(text)):
        each = text[at]
        if each in _CLOSING:
            waiting.append(_CLOSING[each])
        elif waiting and each == waiting[-1]:
            waiting.pop()
            if not waiting:
                return at + 1
    return len(text)


def _card(found: re.Match[str]) -> str:
    """The card number's replacement; the text itself if it is none, by Luhn's sum."""
    digits = [int(each) for each in found[0] if each.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return FILTERED if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else found[0]
