"""What a till did before it failed was logged, at levels from debug to warning."""

# trait: log lines before the failure, as breadcrumbs
# shows: type=RuntimeError
# shows: value=drawer 6 is locked
# shows: opened shift 31 for Ada
# shows: level=info
# shows: only 8 coins left
# shows: level=warning
# shows: category=till.coins
# hides: motor at 12 V

import logging

logging.getLogger().setLevel(logging.DEBUG)
log = logging.getLogger("till")
COINS = {6: 2**3}


def coins(drawer):
    left = COINS[drawer]
    logging.getLogger("till.coins").warning("only %d coins left", left)


def open_shift(number, name):
    log.info("opened shift %d for %s", number, name)
    log.debug("motor at %d V", 3 * 4)


def pay_out(drawer):
    coins(drawer)
    raise RuntimeError(f"drawer {drawer} is locked")


open_shift(2**5 - 1, "Ada")
pay_out(6)
