"""The known wrong gradients of PyTorch: read from ``known_issues.toml``, whose head states the rules."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import torch
from cattrs import structure
from packaging.specifiers import SpecifierSet

from oracle.arithmetic import Accumulation
from oracle.enclosure import Holes
from oracle.known_operands import Arguments, Operands, applied_operands
from oracle.known_regions import APPLICATIONS, REGIONS
from oracle.program import Program
from oracle.target import CPU, Target

PATH = Path(__file__).with_name("known_issues.toml")


@dataclass(frozen=True)
class KnownIssue:
    """One entry of the file; its head says what each field means."""

    name: str
    kind: Literal["wrong", "inaccurate", "raises", "crashes"]
    versions: str
    reason: str
    link: str
    reproducer: str
    targets: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    application: str = ""
    range: bool = False
    magnitudes: tuple[tuple[float, float], ...] = ()
    arguments: dict[str, Any] = field(default_factory=dict, hash=False)
    raises: str = ""
    kept_in_dtype: str = ""
    fact: str = ""
    laws: tuple[str, ...] = ()
    where: str = ""

    def excuses(self, law: str, program: Program) -> bool:
        """Whether the issue breaks ``law`` for ``program``."""
        return law in self.laws and REGIONS[self.where](program)

    def explains(self, error: Exception, program: Program) -> bool:
        """Whether ``error``, which PyTorch raised instead of an answer to ``program``, is the one of this issue."""
        return bool(self.raises) and self.raises in str(error) and self.is_in(program)

    def is_in(self, program: Program) -> bool:
        """Whether an application in ``program`` is in the region."""
        if not any(self.concerns_operation(each.operation, program.dtype) for each in program.applications):
            return False
        return any(
            self.concerns_operation(each.operation, program.dtype) and self._contains(each.arguments, operands)
            for each, operands in applied_operands(program)
        )

    def loses(self, operation: str, dtype: str, kept: Accumulation | None) -> bool:
        """Whether sums of that kind lose terms in ``operation``, because they are ``kept`` in the dtype."""
        named = kept is not None and self.kept_in_dtype == kept.name
        return named and self.concerns_operation(operation, dtype)

    def names(self, fact: str, dtype: str) -> bool:
        """Whether it says that devices do what ``fact`` of their arithmetic in ``dtype`` says."""
        return self.fact == fact and dtype in self.dtypes

    def concerns_operation(self, operation: str, dtype: str) -> bool:
        """Whether ``operation`` is among its operations, and ``dtype`` among its dtypes, if it names any."""
        return operation in self.operations and (not self.dtypes or dtype in self.dtypes)

    def is_of_any(self, operations: Collection[str]) -> bool:
        """Whether one of ``operations`` is among its own, or it names none."""
        return not self.operations or not set(self.operations).isdisjoint(operations)

    @property
    def is_drawn(self) -> bool:
        """Whether its region is drawn all the same, and only what is wrong is left out of what is claimed."""
        return bool(self.range or self.magnitudes or self.raises or self.kept_in_dtype or self.fact or self.laws)

    @property
    def is_everywhere(self) -> bool:
        """Whether its region is every application of its operations."""
        return not self.arguments and not self.application

    def covers(self, operation: str, arguments: Arguments, dtype: str, operands: Operands) -> bool:
        """Whether ``operation`` applied to ``operands`` is in the region, and must not be drawn."""
        return not self.is_drawn and self.concerns_operation(operation, dtype) and self._contains(arguments, operands)

    def _contains(self, arguments: Arguments, operands: Operands) -> bool:
        region = {name: tuple(value) if isinstance(value, list) else value for name, value in self.arguments.items()}
        named = all(name in arguments and arguments[name] == value for name, value in region.items())
        return named and (not self.application or APPLICATIONS[self.application](arguments, operands))

    def concerns(self, torch_version: str) -> bool:
        """Whether the issue is known of that version of PyTorch, development builds included."""
        return SpecifierSet(self.versions).contains(torch_version, prereleases=True)

    def is_at(self, target: Target) -> bool:
        """Whether ``target`` is within one of its targets, if it names any."""
        return not self.targets or any(target.is_within(Target.parse(each)) for each in self.targets)


@cache
def known_issues() -> tuple[KnownIssue, ...]:
    """Every entry of the file.

    Raises:
        cattrs.ClassValidationError: if an entry lacks a field or has one of a wrong kind.
    """
    return structure(tomllib.loads(PATH.read_text(encoding="utf-8"))["issue"], tuple[KnownIssue, ...])


@cache
def present_issues() -> tuple[KnownIssue, ...]:
    """The entries that concern the PyTorch that is installed, at whatever target."""
    return tuple(issue for issue in known_issues() if issue.concerns(str(torch.__version__)))


@cache
def issues_at(target: Target) -> tuple[KnownIssue, ...]:
    """Those of them that concern ``target``."""
    return tuple(issue for issue in present_issues() if issue.is_at(target))


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
