"""What each property is made of, and which are left out where a run keeps to some operations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from oracle.known_issues import is_undrawable
from oracle.operations import OPERATIONS
from oracle.target import Target
from strategies.vocabulary import Vocabulary

PROPERTIES = Path(__file__).parents[1] / "properties"

Test = Callable[..., Any]
Case = tuple[str, str]
"""A target and a dtype."""

NOTHING_TO_DRAW = "known issues leave nothing to draw"


def vocabulary_of(test: Test) -> Vocabulary:
    """What the property ``test`` is made of.

    A property of single operations is of those that its mark ``operations`` names, or of the whole catalogue. Any other
    says it by its mark ``made_of``; one that does not may need everything.
    """
    marks = _marks(test)
    if is_of_single_operations(test):
        return Vocabulary(one_of=marks.get("operations", tuple(OPERATIONS)))
    if "made_of" not in marks:
        return Vocabulary(needs=tuple(OPERATIONS))
    (vocabulary,) = marks["made_of"]
    assert isinstance(vocabulary, Vocabulary)
    return vocabulary


def _marks(test: Test) -> dict[str, tuple[Any, ...]]:
    return {mark.name: mark.args for mark in getattr(test, "pytestmark", ())}


def cases_of(test: Test, cases: Iterable[Case]) -> list[Case]:
    """Those of ``cases`` whose dtype is among those that the property is about."""
    dtypes = _marks(test).get("dtypes")
    return [case for case in cases if dtypes is None or case[1] in dtypes]


def is_of_single_operations(test: Test) -> bool:
    """Whether each operation has an item of its own."""
    return "operation" in inspect.signature(test).parameters


def drawn(vocabulary: Vocabulary, allowed: Collection[str], case: Case) -> list[str]:
    """Those of ``one_of`` that are allowed, and that no known issue takes out as a whole in ``case``."""
    target, dtype = Target.parse(case[0]), case[1]
    names = (name for name in vocabulary.one_of if name in allowed)
    return [name for name in names if not is_undrawable(name, dtype, target)]


def left_out(tests: Iterable[Test], allowed: Collection[str], cases: Collection[Case]) -> list[str]:
    """A line for what each group of ``tests`` lacks, and one for each case in which one has nothing to draw."""
    lacking: dict[str, list[str]] = {}
    lines = []
    for test in tests:
        vocabulary, name = vocabulary_of(test), name_of(test.__name__)
        lack = vocabulary.lacks(allowed)
        if lack:
            lacking.setdefault(lack, []).append(name)
        elif vocabulary.one_of:
            nothing = [case for case in cases_of(test, cases) if not drawn(vocabulary, allowed, case)]
            lines += [f"{name} in {dtype} on {device}: {NOTHING_TO_DRAW}" for device, dtype in nothing]
    groups = [f"{', '.join(names)} {'need' if names[1:] else 'needs'} {lack}" for lack, names in lacking.items()]
    return [*groups, *lines]


def name_of(test: str) -> str:
    """The name of a property, as reports have it, whose test is called ``test``."""
    return test.removeprefix("test_").replace("_", " ")


def properties(named: Iterable[tuple[Path, str]]) -> Iterator[Test]:
    """The judged properties among the ``named`` files and folders, each with the name of a test or none."""
    wanted = list(named)
    for path in sorted(PROPERTIES.glob("test_*.py")):
        names = [name for place, name in wanted if path.is_relative_to(place)]
        module = import_module(f"tests.properties.{path.stem}") if names else None
        for test in vars(module).values() if module else ():
            asked = any(name in ("", test.__name__) for name in names) if inspect.isfunction(test) else False
            if asked and test.__name__.startswith("test_") and "judge" in inspect.signature(test).parameters:
                yield test
