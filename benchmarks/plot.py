"""The plot of how many times as much as Raven the others take, as SVG that can be read on light and on dark ground."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

from figures import Results, short
from goals import OURS, sends_all, sends_singly
from plan import PEERS

PANELS = (
    ("time of the call, message", "clients/{}/message", "p50", False),
    ("time of the call, exception", "clients/{}/exception", "p50", False),
    ("CPU per message", "clients/{}/message", "cpu", False),
    ("CPU per exception", "clients/{}/exception", "cpu", False),
    ("seconds per message, until delivered", "clients/{}/message", "rate", True),
    ("import and init", "start/{}/message", "ready", False),
)
"""Title, key and figure; and whether more of it is better."""
COLUMNS, WIDTH, LABELS, LINE, TOP = 2, 440, 112, 22, 58
HEIGHT = 34 + LINE * len(PEERS)

TITLE = "How many times as much as Raven other clients take"
LEGEND = (
    "The green line is Raven; bars to its right take more. Lines are powers of ten. "
    "Paler: no locals, no source lines, or many events in a request."
)
STYLE = """
text { font: 12px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
.title { font-weight: 600; } .soft { fill: #59636e; } .end { text-anchor: end; }
.grid { stroke: #d1d9e0; } .one { stroke: #1a7f37; stroke-width: 2; }
.peer { fill: #54aeff; } .less { fill: #54aeff; opacity: .45; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; } .soft { fill: #9198a1; } .grid { stroke: #3d444d; } .one { stroke: #3fb950; }
  .peer, .less { fill: #388bfd; }
}
"""


@dataclass(frozen=True)
class Scale:
    """Logarithmic, and the same for all panels."""

    least: float
    most: float

    def place(self, times: float) -> float:
        """Where that is, from a panel's left."""
        return LABELS + (WIDTH - LABELS - 64) * math.log(times / self.least) / math.log(self.most / self.least)

    def marks(self) -> list[float]:
        """The powers of ten in it."""
        return [10.0**power for power in range(-3, 6) if self.least <= 10.0**power <= self.most]


@dataclass(frozen=True)
class Bar:
    """`times` is what a peer takes, beside Raven; `less` says that it does less for it."""

    name: str
    times: float
    less: bool


def plot(results: Results) -> str:
    """The whole picture."""
    panels = [(title, _bars(results, *rest)) for title, *rest in PANELS]
    panels = [panel for panel in panels if panel[1]]
    every = [bar.times for _, bars in panels for bar in bars]
    scale = Scale(min(0.5, *every), max(10.0, *every))
    width, height = COLUMNS * WIDTH, TOP + math.ceil(len(panels) / COLUMNS) * HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<title>{TITLE}</title><style>{STYLE}</style>",
        f'<text x="12" y="22" class="title">{TITLE}</text>',
        f'<text x="12" y="40" class="soft">{LEGEND}</text>',
    ]
    for number, (title, bars) in enumerate(panels):
        x, y = number % COLUMNS * WIDTH, TOP + number // COLUMNS * HEIGHT
        parts.append(f'<g transform="translate({x} {y})">{_panel(title, bars, scale)}</g>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bars(results: Results, key: str, name: str, more: bool) -> list[Bar]:
    if not results.ran(key.format(OURS)):
        return []
    ours = results.value(key.format(OURS), name)
    bars = []
    for peer in PEERS:
        if results.ran(key.format(peer)):
            theirs = results.value(key.format(peer), name)
            less = not sends_singly(results, peer) or ("exception" in key and not sends_all(results, peer))
            bars.append(Bar(peer, ours / theirs if more else theirs / ours, less))
    return bars


def _panel(title: str, bars: list[Bar], scale: Scale) -> str:
    bottom, one = 24 + LINE * len(bars), scale.place(1)
    parts = [f'<text x="12" y="14" class="title">{escape(title)}</text>']
    parts += [f'<path class="grid" d="M{scale.place(times):.1f} 22V{bottom}"/>' for times in scale.marks()]
    for number, bar in enumerate(bars):
        y, end = 24 + LINE * number, scale.place(bar.times)
        left, right = min(one, end), max(one, end)
        kind = "less" if bar.less else "peer"
        parts.append(f'<text x="{LABELS - 8}" y="{y + 13}" class="end">{escape(bar.name)}</text>')
        parts.append(f'<rect class="{kind}" x="{left:.1f}" y="{y + 2}" width="{right - left:.1f}" height="14"/>')
        parts.append(f'<text x="{right + 6:.1f}" y="{y + 13}" class="soft">{short(bar.times)}</text>')
    parts.append(f'<path class="one" d="M{one:.1f} 20V{bottom + 2}"/>')
    return "".join(parts)
