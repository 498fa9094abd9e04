"""A plot, and what its reader may choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Choice:
    """What the reader chooses: options under headings."""

    label: str
    groups: dict[str, list[str]]
    default: str


@dataclass(frozen=True)
class Plot:
    """A plot.

    Attributes:
        identifier: its anchor on the page.
        title, caption: what it shows, and how it is to be read.
        specification: in Vega-Lite.
        choice: what the reader chooses, if anything.
        wide: whether it takes the width of the page, instead of half of it.
    """

    identifier: str
    title: str
    caption: str
    specification: dict[str, Any]
    choice: Choice | None = None
    wide: bool = False
