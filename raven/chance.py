"""Chance, for pauses and samples.

Not the generator that all share: to draw from it would change what a program draws that has seeded it, and one that seeds
it for each request would make us draw the same each time. The system's is right after a fork, too, which Python may not
have noticed: or all children would ask a server at the same moment.
"""

from __future__ import annotations

import random

chance = random.SystemRandom()
