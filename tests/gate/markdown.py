"""Markdown of text that means what it says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], sides: str, rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; ``sides`` has an ``r`` for each column of numbers, and ``l`` for the others.

    A text between two pairs of stars is bold.
    """
    lines = [[escaped(name) for name in columns], ["---:" if side == "r" else ":---" for side in sides]]
    lines += [[_cell(text) for text in row] for row in rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _cell(text: str) -> str:
    bold = len(text) > 4 and text.startswith("**") and text.endswith("**")
    return f"**{escaped(text[2:-2])}**" if bold else escaped(text)


def fenced(text: str) -> list[str]:
    """The lines of a block that shows ``text`` as it is."""
    fence = "```"
    while fence in text:
        fence += "`"
    return [fence + "text", text, fence]


def escaped(text: str) -> str:
    """``text`` in one line, without anything that Markdown or HTML would take for its own."""
    for character in "\\`*_[]<>|&":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.split())
