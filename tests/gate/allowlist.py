"""``--operations``: the operations to which a run keeps, and what is wrong with the list in one line."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.gate.store import Store

OPTION = "--operations"

MOST_LISTED = 10
"""Names that a line shows; ``gate.json`` has them all."""


def add_option(group: pytest.OptionGroup) -> None:
    """Add the option to the others of the gate."""
    group.addoption(
        OPTION,
        default=None,
        metavar="O,…",
        help="draw and judge programs of these operations alone; =@FILE reads their names from FILE (default: all)",
    )


def check_spelling(config: pytest.Config) -> None:
    """Refuse ``--operations @FILE``: pytest replaces an argument that begins with @ by the lines of that file."""
    arguments = [str(each) for each in config.invocation_params.args]
    for option, value in pairwise(arguments):
        if option == OPTION and value.startswith("@"):
            raise pytest.UsageError(f"{OPTION} {value}: write {OPTION}={value}, with an equals sign")


def chosen_operations(config: pytest.Config, replayed: Store | None) -> tuple[str, ...] | None:
    """``--operations`` in the order of the catalogue, or None; what is ``replayed`` was drawn with a list or without.

    Processes of xdist get the names, and read no file.
    """
    from oracle.operations import OPERATIONS

    text = config.getoption(OPTION)
    if replayed is not None:
        if text is not None:
            raise pytest.UsageError(f"{OPTION} and --replay: what is replayed was drawn before; choose one of them")
        drawn = replayed.about["operations_chosen"]
        return None if drawn is None else tuple(drawn)
    if text is None:
        return None
    names = _names_in(config, text)
    if not names:
        raise pytest.UsageError(f"{OPTION}={text}: names no operation; give one at least, such as add")
    unknown = [name for name in names if name not in OPERATIONS]
    if unknown:
        said = ", ".join(f"{name}{_meant(name)}" for name in unknown[:MOST_LISTED])
        more = f" and {len(unknown) - MOST_LISTED} more" if len(unknown) > MOST_LISTED else ""
        raise pytest.UsageError(f"{OPTION}: no such operation: {said}{more}; oracle/operations has their names")
    chosen = tuple(name for name in OPERATIONS if name in names)
    config.option.operations = ",".join(chosen)
    return chosen


def listed(names: tuple[str, ...]) -> str:
    """``names`` in words: the first of them, and how many there are."""
    from oracle.operations import OPERATIONS

    more = ", …" if len(names) > MOST_LISTED else ""
    return f"{len(names)} of {len(OPERATIONS)} operations: {', '.join(names[:MOST_LISTED])}{more}"


def _meant(name: str) -> str:
    from oracle.operations import OPERATIONS

    close = get_close_matches(name, OPERATIONS)
    return f" (did you mean {' or '.join(close[:2])}?)" if close else ""


def _names_in(config: pytest.Config, text: str) -> list[str]:
    if text.startswith("@"):
        return list(_names_of_file(config.invocation_params.dir / text[1:], text))
    names = [name.strip() for name in text.split(",")] if text else []
    if not all(names):
        raise pytest.UsageError(f"{OPTION}={text}: give names with commas between them")
    return names


def _names_of_file(path: Path, text: str) -> Iterator[str]:
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise pytest.UsageError(f"{OPTION}={text}: {path} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise pytest.UsageError(f"{OPTION}={text}: {path} is no text in UTF-8") from None
    for line in content.splitlines():
        yield from line.partition("#")[0].replace(",", " ").split()
