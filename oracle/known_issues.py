"""The known issues of the PyTorch that is installed: the suite's own list, ``known_issues.toml``, and users' lists."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import torch

from oracle.enclosure import Holes
from oracle.issue_lists import read_list
from oracle.known_issue import KnownIssue
from oracle.known_operands import Arguments, Operands
from oracle.program import Program
from oracle.target import CPU, Target

PATH = Path(__file__).with_name("known_issues.toml")

_USERS: list[KnownIssue] = []
"""The entries of the lists that this run was given."""


@cache
def known_issues() -> tuple[KnownIssue, ...]:
    """Every entry of the suite's own list.

    Raises:
        BrokenList: if it is broken.
    """
    return read_list(PATH, users=False)


def use_lists(issues: Iterable[KnownIssue]) -> None:
    """Let ``issues`` of users' lists count besides the suite's own, from now on, and no others."""
    _USERS[:] = issues
    for kept in (present_issues, issues_at, waivers_at, undrawn_issues, known_holes):
        kept.cache_clear()


def users_issues() -> tuple[KnownIssue, ...]:
    """Every entry of users' lists, whatever PyTorch it concerns."""
    return tuple(_USERS)


@cache
def present_issues() -> tuple[KnownIssue, ...]:
    """The entries that concern the PyTorch that is installed, at whatever target."""
    return tuple(issue for issue in (*known_issues(), *_USERS) if issue.concerns(str(torch.__version__)))


@cache
def issues_at(target: Target) -> tuple[KnownIssue, ...]:
    """Those of them that concern ``target``."""
    return tuple(issue for issue in present_issues() if issue.is_at(target))


@cache
def waivers_at(target: Target) -> tuple[KnownIssue, ...]:
    """Those of them that are from users' lists."""
    return tuple(issue for issue in issues_at(target) if issue.file is not None)


def is_known(error: Exception, program: Program, target: Target = CPU) -> bool:
    """Whether a known issue makes PyTorch raise ``error`` instead of an answer to ``program``."""
    return any(issue.explains(error, program) for issue in issues_at(target))


def is_undrawable(operation: str, dtype: str, target: Target = CPU) -> bool:
    """Whether a known issue takes the whole of ``operation`` out of what is drawn in ``dtype``."""
    return any(
        issue.is_everywhere and issue.covers(operation, {}, dtype, ())
        for issue in undrawn_issues(operation, dtype, target)
    )


@cache
def undrawn_issues(operation: str, dtype: str, target: Target = CPU) -> tuple[KnownIssue, ...]:
    """The issues that keep applications of ``operation`` from being drawn in ``dtype``; none of most operations."""
    concerned = (each for each in issues_at(target) if each.concerns_operation(operation, dtype))
    return tuple(each for each in concerned if not each.is_drawn)


def is_covered(operation: str, arguments: Arguments, dtype: str, operands: Operands, target: Target = CPU) -> bool:
    """Whether a known issue covers ``operation`` applied to ``operands``, which must not be drawn then."""
    return any(
        issue.covers(operation, arguments, dtype, operands) for issue in undrawn_issues(operation, dtype, target)
    )


def is_uncertain(program: Program, target: Target = CPU) -> bool:
    """Whether a known issue covers part of ``program``, so that nothing is known of its answer, nor claimed."""
    concerned = {
        issue for each in program.applications for issue in undrawn_issues(each.operation, program.dtype, target)
    }
    return any(issue.is_in(program) for issue in concerned)


@cache
def known_holes(dtype: str, target: Target = CPU) -> Holes:
    """The holes of the PyTorch that is installed."""
    concerned = [issue for issue in issues_at(target) if not issue.dtypes or dtype in issue.dtypes]
    magnitudes: dict[str, tuple[tuple[float, float], ...]] = {}
    for issue in concerned:
        for operation in issue.operations if issue.magnitudes else ():
            magnitudes[operation] = magnitudes.get(operation, ()) + issue.magnitudes
    return Holes(
        frozenset(operation for issue in concerned if issue.range for operation in issue.operations), magnitudes
    )
