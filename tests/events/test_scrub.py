"""What is taken out as a secret, and what is left to be read."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raven.events.scrub import FILTERED, Scrubber
from raven.events.values import Simplifier

SCRUBBER = Scrubber()

SECRET_NAMES = [
    *("password", "PASSWORD", "Passwd", "db_password", "password2", "user[password]", "passphrase", "old-password"),
    *("pwd", "PGPASSWORD", "pass", "smtp_pass", "dbPass", "passcode", "passkey"),
    *("secret", "client_secret", "SECRET_KEY", "secretKey", "aws_secret_access_key", "app.secret"),
    *("apiKey", "api_key", "X-Api-Key", "apikey", "access_key", "AccountKey", "private_key", "signingKey"),
    *("token", "accessToken", "refresh_token", "tokens", "csrfmiddlewaretoken", "id-token", "jwt", "userJwt"),
    *("authorization", "Authorization", "Proxy-Authorization", "HTTP_AUTHORIZATION", "auth", "X-Auth", "basicAuth"),
    *("cookie", "Cookie", "Set-Cookie", "HTTP_COOKIE", "cookies", "credential", "credentials"),
    *("session", "sessionid", "session_key", "PHPSESSID", "JSESSIONID", "sid", "connect.sid"),
    *("csrf", "xsrf", "X-CSRFToken", "_xsrf", "x-signature", "otp", "pin", "userPin", "ssn"),
    *("card_number", "cardNumber", "card-no", "credit_card", "creditCard", "cc_num", "cvv", "cvc2", "security_code"),
]
OPEN_NAMES = [
    *("passenger", "passengers", "compass", "bypass", "passed", "author", "authors", "authority", "authenticated"),
    *("monkey", "key", "keyboard", "primary_key", "secretary", "secretariat", "tokenizer", "tokenise", "token_count"),
    *("max_tokens", "num_tokens", "total_tokens", "prompt_tokens", "completion_tokens", "tokens_used"),
    *("company", "span", "panel", "expansion", "pinned", "spin", "opinion", "pinPoint", "obsession", "assets"),
    *("aside", "inside", "design", "signal", "card", "cards", "discard", "number", "user", "username", "email", "id"),
    *("wildcard_not", "x", "", "name", "host", "port", "url", "status", "message", "äpfel"),
]


def shown(text: str, **options: Any) -> str:
    """The text as it is shown; a second time over, nothing more vanishes."""
    result = SCRUBBER.text(text, **options)
    assert SCRUBBER.text(result, **options) == result
    return result


# By name


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_the_name_of_a_secret_hides_it(name: str) -> None:
    assert SCRUBBER.hides[name]


@pytest.mark.parametrize("name", OPEN_NAMES)
def test_another_name_hides_nothing(name: str) -> None:
    assert not SCRUBBER.hides[name]
    text = f"{name}=the value, {name}: 'the value'"
    assert shown(text) == text


def test_further_names_can_be_said() -> None:
    scrubber = Scrubber(["iban", "a.b"])
    assert scrubber.hides["IBAN"]
    assert scrubber.hides["customer_iban_1"]
    assert scrubber.hides["a.b"]
    assert not scrubber.hides["axb"]
    assert scrubber.hides["password"]
    assert scrubber.text("iban=DE99 and iban: 'DE 99'") == f"iban={FILTERED} and iban: '{FILTERED}'"
    assert not SCRUBBER.hides["iban"]


@pytest.mark.parametrize("name", ["REMOTE_ADDR", "X-Forwarded-For", "x-real-ip", "ip_address", "client_ip"])
def test_network_addresses_are_hidden_unless_they_are_wanted(name: str) -> None:
    text = f"{name}: 192.0.2.7"
    assert SCRUBBER.hides[name]
    assert shown(text) == f"{name}: {FILTERED}"
    open_one = Scrubber(personal=True)
    assert not open_one.hides[name]
    assert open_one.text(text) == text
    assert open_one.hides["password"]


def test_very_many_names_are_not_all_remembered() -> None:
    scrubber = Scrubber()
    for number in range(20_000):
        assert not scrubber.hides[f"name{number}"]
        assert scrubber.hides[f"password{number}"]
    assert len(scrubber.hides) < 10_000


# In text, after a name. A § stands for the secret, and for what is there instead.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password=§", "password=§"),
        ("password: §", "password: §"),
        ("password:§", "password:§"),
        ("password = §", "password = §"),
        ("password          :          §", "password          :          §"),
        ("password => §", "password => §"),
        (":password=>'§'", ":password=>'§'"),
        ("password := §", "password := §"),
        ("password == '§'", "password == '§'"),
        ("assert password != '§'", "assert password != '§'"),
        ("password=§,user=x", "password=§,user=x"),
        ("password=§; user=x", "password=§; user=x"),
        ("login(user='x', password=§)", "login(user='x', password=§)"),
        ("user=x password=§ port=5", "user=x password=§ port=5"),
        ("user: x\npassword: §\nport: 5", "user: x\npassword: §\nport: 5"),
        ("password:\n  §\nport: 5", "password:\n  §\nport: 5"),
        # quoted, well and badly
        ("password='§ §'", "password='§'"),
        ("password=\"§, '§' §\"", 'password="§"'),
        ("password='§", "password='§"),
        ("password = b'§' + x", "password = b'§' + x"),
        ("password=f'§', user='x'", "password=f'§', user='x'"),
        ("password='''§ '§' §''' + x", "password='''§''' + x"),
        ('password="""§"""', 'password="""§"""'),
        (r"password='§\' §', user='x'", "password='§', user='x'"),
        ("password='', token='§'", "password='', token='§'"),
        # dicts, JSON, JSON within JSON
        ("{'password': '§', 'user': 'x'}", "{'password': '§', 'user': 'x'}"),
        ("{b'password': b'§', b'user': b'x'}", "{b'password': b'§', b'user': b'x'}"),
        ('{"password": "§", "user": "x"}', '{"password": "§", "user": "x"}'),
        ('{"password":"§","user":"x"}', '{"password":"§","user":"x"}'),
        (r'{"password": "§\"§", "user": "x"}', '{"password": "§", "user": "x"}'),
        (r'"{\"password\": \"§ §\", \"user\": \"x\"}"', r'"{\"password\": \"§\", \"user\": \"x\"}"'),
        (r'"{\"password\": \"§\\\"§\", \"user\": \"x\"}"', r'"{\"password\": \"§\", \"user\": \"x\"}"'),
        (r'"{\"a\": \"{\\\"token\\\": \\\"§\\\"}\"}"', r'"{\"a\": \"{\\\"token\\\": \\\"§\\\"}\"}"'),
        ('{"pin": 4711, "n": 5}', '{"pin": §, "n": 5}'),
        ('{"cvv": 123, "n": 5}', '{"cvv": §, "n": 5}'),
        ("os.environ['DB_PASSWORD'] = '§'", "os.environ['DB_PASSWORD'] = '§'"),
        ("user['password']='§'", "user['password']='§'"),
        # brackets
        ("{'password': ['§', '§'], 'user': 'x'}", "{'password': §, 'user': 'x'}"),
        ("{'password': {'a': ['§'], 'b': ('§',)}, 'user': 'x'}", "{'password': §, 'user': 'x'}"),
        ("password=(§, §) user=x", "password=§ user=x"),
        ("password=[§, §", "password=§"),
        ("password=Secret('§'), user='x'", "password=§, user='x'"),
        ("password=Secret(a=['§'], b='§'), user='x'", "password=§, user='x'"),
        ("Login(password=<Secret '§'>, user='x')", "Login(password=§, user='x')"),
        # query strings, forms
        ("a=1&password=§&b=2", "a=1&password=§&b=2"),
        ("GET /login?token=§ HTTP/1.1", "GET /login?token=§ HTTP/1.1"),
        ("user[password]=§&user[name]=x", "user[password]=§&user[name]=x"),
        ("user%5Bpassword%5D=§&user%5Bname%5D=x", "user%5Bpassword%5D=§&user%5Bname%5D=x"),
        ("q=password%3D§&b=2", "q=password%3D§&b=2"),
        ("q=password%3d§&b=2", "q=password%3d§&b=2"),
        ("q=%7B%22password%22%3A%20%22§%22%7D&b=2", "q=%7B%22password%22%3A§&b=2"),
        # headers
        ("Cookie: a=§; b=§\nHost: x", "Cookie: §\nHost: x"),
        ("Set-Cookie: sid=§; Path=/\nHost: x", "Set-Cookie: §\nHost: x"),
        ("Authorization: Bearer §\nHost: x", "Authorization: §\nHost: x"),
        ('Authorization: Digest username="§", nonce="§"\nHost: x', "Authorization: §\nHost: x"),
        ("X-Api-Key: §\nHost: x", "X-Api-Key: §\nHost: x"),
        ("X-Auth: Token §\nHost: x", "X-Auth: §\nHost: x"),
        ("[('Cookie', 'a=§; b=§'), ('Host', 'x')]", "[('Cookie', '§'), ('Host', 'x')]"),
        ("[(b'authorization', b'Bearer §'), (b'host', b'x')]", "[(b'authorization', b'§'), (b'host', b'x')]"),
        ('[["X-Api-Key", "§"], ["Host", "x"]]', '[["X-Api-Key", "§"], ["Host", "x"]]'),
        ("[('password', ['§', '§']), ('user', ['x'])]", "[('password', §), ('user', ['x'])]"),
        (r"b'a: 1\r\npin: 4711 \r\nHost: x'", r"b'a: 1\r\npin: § \r\nHost: x'"),
        # commands and elements
        ("['mysql', '--password', '§', 'x']", "['mysql', '--password', '§', 'x']"),
        ("mysql --password § x", "mysql --password § x"),
        ("mysql --password=§ x", "mysql --password=§ x"),
        ("mysql --password '§ §' x", "mysql --password § x"),
        ("PGPASSWORD=§ psql", "PGPASSWORD=§ psql"),
        ("<user>x</user><password>§</password>", "<user>x</user><password>§</password>"),
        ('<password type="plain">§</password>', '<password type="plain">§</password>'),
        # in prose
        ("Invalid API key: §", "Invalid API key: §"),
        ("The secret key: §", "The secret key: §"),
    ],
)
def test_what_stands_after_the_name_of_a_secret_is_hidden(text: str, expected: str) -> None:
    secret = "qZ7w-xY"
    result = shown(text.replace("§", secret))
    assert result == expected.replace("§", FILTERED)
    assert secret not in result


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_json_within_json_within_json_hides_its_secrets(depth: int) -> None:
    text: Any = {"password": 'qZ7 "w" xY', "user": "Jane"}
    for _ in range(depth):
        text = json.dumps({"inner": text})
    result = shown(text)
    assert "qZ7" not in result
    assert "xY" not in result
    assert "Jane" in result


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_repr_within_a_repr_hides_its_secrets(depth: int) -> None:
    text = "password='qZ7 w xY', user='Jane'"
    for _ in range(depth):
        text = repr([text])
    result = shown(text)
    assert "qZ7" not in result
    assert "xY" not in result
    assert "Jane" in result


# What is left


@pytest.mark.parametrize(
    "text",
    [
        "Unexpected token: )",
        "Unexpected token: < in JSON at position 0",
        "Unexpected token: }",
        "Unexpected token }, expected ,",
        "SyntaxError: invalid token (line 5)",
        "the password is wrong",
        "password: None, token=null, session=False",
        '{"password": null, "session": true}',
        "password='', token=\"\"",
        "unexpected keyword argument 'password'",
        "KeyError: 'password'",
        "'password' is a required property",
        "['id', 'password']",
        "UPDATE users SET password = ? WHERE id = 5",
        "UPDATE users SET password=%s, token=%s",
        "used 4000 of max_tokens=4096, total_tokens: 12, 'prompt_tokens': 7",
        "tokens: 4096",
        "HTTP basic authentication failed",
        "Bearer authentication is required.",
        "a basic understanding",
        "--verbose --output file --author Jane",
        "<p>the password</p><user>x</user>",
        "x = a[b:c]; y = {k: v}",
        "https://example.com:8080/a?b=c#d",
        "http://localhost:8080/mail?to=a@b.c",
        "http://localhost:80?to=a@b.c",
        "https://example.com/@user/a@b",
        "mailto:a@b.c",
        "git@example.com:a/b.git",
        "No such key: name, the key: value",
        "",
        "abc",
        "=",
        ":::",
        "password",
        "password=",
        "password: ",
    ],
)
def test_text_that_tells_no_secret_is_left_alone(text: str) -> None:
    assert shown(text) == text


# By look


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres://user:§@host/db", "postgres://§@host/db"),
        ("postgres://user:§@§@host/db", "postgres://§@host/db"),
        ("redis://:§@host:6379/0", "redis://§@host:6379/0"),
        ("https://§@sentry.example.com/5", "https://§@sentry.example.com/5"),
        ("https://§:§@sentry.example.com/5", "https://§@sentry.example.com/5"),
        ("postgres://user:a/§@host/db", "postgres://§@host/db"),
        ("postgres://user:a#§@host/db", "postgres://§@host/db"),
        ("postgres://user:a?§@host/db", "postgres://§@host/db"),
        ("postgresql+psycopg2://user:§@[::1]:5432/db", "postgresql+psycopg2://§@[::1]:5432/db"),
        ("from http://a:§@b/c to 'ftp://d:§@e'", "from http://§@b/c to 'ftp://§@e'"),
        ("curl -H 'x: Bearer §-_.~+/='", "curl -H 'x: Bearer §'"),
        ("sent bearer   §§", "sent bearer   §"),
        ("sent Basic dXNlcjpwYXNz§==", "sent Basic §"),
        ("sent BASIC dXNlcjpwYXNz§==", "sent BASIC §"),
        ("-----BEGIN PRIVATE KEY-----\nMII§\n§\n-----END PRIVATE KEY-----\nx", "§\nx"),
        (r"a -----BEGIN RSA PRIVATE KEY-----\nMII§\n-----END RSA PRIVATE KEY----- b", "a § b"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\n§", "§"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n§\n-----END PGP PRIVATE KEY BLOCK-----", "§"),
        ("used AKIAIOSFODNN7EXAMPLE", "used §"),
        ("used ghp_16C7e42F292c6912E7710c838347Ae178B4a", "used §"),
        ("used github_pat_11ABCDEFG0abcdefghijkl_mnopqrst", "used §"),
        ("used glpat-abcdefghij0123456789", "used §"),
        ("used sk_live_abcdefghij0123456789", "used §"),
        ("Incorrect API key provided: sk-proj-abcdefghij0123456789.", "Incorrect API key provided: §."),
        ("used xoxb-1234567890-abcdef", "used §"),
        ("used AIzaSyA1234567890abcdefghijklmnopqrstuvwx", "used §"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN", "got §"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0", "got §"),
    ],
)
def test_some_secrets_are_known_by_their_look(text: str, expected: str) -> None:
    secret = "qZ7w9xY"
    result = shown(text.replace("§", secret))
    assert result == expected.replace("§", FILTERED)
    assert secret not in result


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN CERTIFICATE-----\nMIIabcdefghijkl\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMIIabcdefghijkl\n-----END PUBLIC KEY-----",
        "task-aaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "ghp_short, sk_live_, eyJ.eyJ, AKIA",
    ],
)
def test_what_only_resembles_them_is_left(text: str) -> None:
    assert shown(text) == text


def with_check_digit(digits: str) -> str:
    """The digits and one more, so that Luhn's sum is right."""
    total = sum(sum(divmod(int(each) * (2 - at % 2), 10)) for at, each in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


@pytest.mark.parametrize(
    "card",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "5555555555554444",
        "378282246310005",
        "3782 822463 10005",
        "6011111111111117",
        "2223003122003222",
        "4222222222222",
        with_check_digit("620000000000000000"),
    ],
)
def test_card_numbers_are_hidden(card: str) -> None:
    assert shown(f"paid with {card}, thanks") == f"paid with {FILTERED}, thanks"
    assert shown(f"'{card}'") == f"'{FILTERED}'"
    digits = card.replace(" ", "").replace("-", "")
    assert SCRUBBER.number(int(digits))
    simplifier = Simplifier(SCRUBBER)
    assert simplifier.simplify([int(digits), {"n": int(digits)}, card]) == [FILTERED, {"n": FILTERED}, FILTERED]
    assert Simplifier().simplify(int(digits)) == int(digits)


@given(st.integers(0, 10**14 - 1), st.sampled_from(["4", "51", "2221", "37"]), st.sampled_from(["", " ", "-"]))
def test_any_card_number_is_hidden_and_with_another_check_digit_it_is_none(body: int, issuer: str, gap: str) -> None:
    digits = with_check_digit(f"{issuer}{body:014}"[:15])
    grouped = gap.join(digits[at : at + 4] for at in range(0, 16, 4))
    assert shown(f"card {grouped}.") == f"card {FILTERED}."
    wrong = f"{digits[:-1]}{(int(digits[-1]) + 1) % 10}"
    assert shown(f"order {wrong}.") == f"order {wrong}."
    assert not SCRUBBER.number(int(wrong))


@pytest.mark.parametrize(
    "text",
    [
        "order 4111111111111112",
        "at 1721650000000",
        "at 1721650000000123456",
        "550e8400-e29b-41d4-a716-446655440000",
        "version 4.1111111111111.111",
        "0.4111111111111111",
        "x4111111111111111",
        "4111111111111111x",
        "41111111111111111111111",
        "2024-05-06 07:08:09.123456",
        "192.0.2.7 192.0.2.8",
        "0x4111111111111111",
        "+49 30 1234567890",
    ],
)
def test_other_numbers_are_left(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize("number", [0, -1, 4111111111111111 * 10**6, -4111111111111111, 1721650000000, 2**63])
def test_numbers_that_are_no_cards_are_left(number: int) -> None:
    assert not SCRUBBER.number(number)
    assert Simplifier(SCRUBBER).simplify([number]) == Simplifier().simplify([number])


# Source code


@pytest.mark.parametrize(
    "line",
    [
        "password = '§'",
        "password: str = '§'",
        'login(user="x", password="§", port=5)',
        'DATABASE = {"PASSWORD": "§", "HOST": "x"}',
        'os.environ["DB_PASSWORD"] = "§"',
        'headers = {"Authorization": "§"}',
        'connect("user=x password=§")',
        'connect("user=x password=§',
        'connect("postgres://§@host/db")',
        'assert token == "§"',
        'if token != "§":',
        r'parse("{\"password\": \"§\"}")',
        'password = """§',
    ],
)
def test_what_is_written_out_in_code_is_hidden(line: str) -> None:
    assert shown(line.replace("§", "qZ7w-xY"), code=True) == line.replace("§", FILTERED)


@pytest.mark.parametrize(
    "line",
    [
        'token = request.headers.get("x")',
        "password = read(path)",
        "password: str",
        "def login(user, password, token=None):",
        'def login(user: str, password: str = "") -> None:',
        "return {user: x, password: y}",
        'd = {"password": password, "user": "x"}',
        'log.info(f"password={password}")',
        'log.info("password=%s", password)',
        'url = f"postgres://{user}:{password}@{host}/db"',
        "if token == other: return",
        "cookie: dict[str, str] = {}",
        'case Token(kind=":"):',
        "session = Session()",
        "auth=(user, password),",
        'x = "a" if token else "b"',
        'x = {"tokens": count}',
        "lambda token: None",
        "token, name = 'a', 'b'",
    ],
)
def test_the_rest_of_code_stays_readable(line: str) -> None:
    assert shown(line, code=True) == line


# Any text


PIECES = st.sampled_from(
    [
        *("password", "token", "Cookie", "authorization", "pin", "key", "api", "user", "x", "é", "4111111111111111"),
        *("=", ":", ",", ";", "&", "'", '"', "\\", "\\'", '\\"', "'''", '"""', " ", "\n", "\\n", "b'", "%3D", "%22"),
        *("(", ")", "[", "]", "{", "}", "<", ">", "</", "://", "@", "/", "?", "#", "--", "-", ".", "=>", ":=", "=="),
        *(
            "Bearer ",
            "basic ",
            "-----BEGIN PRIVATE KEY-----",
            "-----END",
            FILTERED,
            "None",
            "eyJabcdefghi.eyJabcdefghi",
        ),
        *("\ud800", "\0", "5", "12345678"),
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(st.characters()), st.booleans())
def test_any_text_is_text_afterwards(text: str, code: bool) -> None:
    assert type(SCRUBBER.text(text, code)) is str


SECRETS = st.text("abcdefXYZ0123456789", min_size=12, max_size=30).map(lambda text: f"q{text}Z")


@given(SECRETS, st.sampled_from(SECRET_NAMES), st.lists(PIECES, max_size=10).map("".join))
def test_a_secret_is_hidden_whatever_follows(secret: str, name: str, rest: str) -> None:
    for text in (f"{name}={secret}", f'"{name}": "{secret}"', f"('{name}', '{secret}')", f"{name}: {secret}"):
        assert secret not in SCRUBBER.text(f"{text} {rest}")
    assert secret not in SCRUBBER.text(f'{name} = "{secret}" {rest}', code=True)


ADVERSARIAL = [
    *("a", "password", "=", ":", ",", "password=", "password:", "'password', ", "token: ''", "[", "[]", "}{", "(", "<"),
    *("password=[", "password=(", "password=<", "password=a(", "password='", "password='''", 'password="\\', "\\", '"'),
    *("'", "4", "4 ", "4-", "4111 1111 1111 ", "://", "://:", "://a:", "://a@", "@", "a@", "@:", "--aa ", '--aa "'),
    *("<aa ", "<aa>", "<aa>x</", "eyJ", "eyJaaaaaaaa.", "sk-", "basic ", "bearer  ", "-----BEGIN ", "PRIVATE KEY"),
    *("-----BEGIN PRIVATE KEY-----", " ", "\n", "%3D", "password%3D", "cookie:", "authorization: x\n", "auth:basic "),
    *("key: ", "a key: ", "secret" * 20, "_token", "é", "x: '',", 'f"{', "password:" + " " * 99, "-", ".", "\\n"),
]


@pytest.mark.parametrize("unit", ADVERSARIAL)
@pytest.mark.parametrize("code", [False, True], ids=["text", "code"])
def test_the_time_grows_with_the_text_and_no_faster(unit: str, code: bool) -> None:
    # With all that lets each of the patterns be tried.
    begin, end = "@ :// = <a></a> --x 'x', bearer ", " PRIVATE KEY @"

    def seconds(length: int) -> float:
        text = begin + unit * (length // len(unit)) + end
        times = []
        for _ in range(3):
            began = time.process_time()
            SCRUBBER.text(text, code)
            times.append(time.process_time() - began)
        return min(times)

    # Were it each with each, sixteen times the text would take 256 times as long.
    assert seconds(32_000) < 64 * max(seconds(2_000), 0.000_5)
