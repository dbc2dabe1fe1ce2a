"""A mailbox can't be opened; who opens it is known by a dataclass, a named tuple and an object with a repr."""

# trait: secrets in the fields of objects
# shows: type=ConnectionRefusedError
# shows: value=imap-2 refuses orders@bakery.example
# shows: Account
# shows: 993
# hides: vanilla-ice-1
# hides: almond-oil-2
# hides: maple-tree-3

from dataclasses import dataclass
from typing import NamedTuple


@dataclass
class Account:
    address: str
    password: str
    port: int = 993


class Proxy(NamedTuple):
    user: str
    passwd: str


class Server:
    """A server's repr is of its own making."""

    def __init__(self, name, secret):
        self.name = name
        self.secret = secret

    def __repr__(self):
        return f"Server(name={self.name!r}, secret={self.secret!r})"


def accounts():
    """All that is needed to read the orders that come by mail."""
    account = Account("orders@bakery.example", "vanilla-ice-1")
    return account, Proxy("bakery", "almond-oil-2"), Server("imap-2", "maple-tree-3")


def open_mailbox():
    """Ready to read."""
    account, proxy, server = accounts()
    if proxy.user != account.address:
        raise ConnectionRefusedError(f"{server.name} refuses {account.address}")


open_mailbox()
