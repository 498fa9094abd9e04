"""The known wrong gradients of PyTorch: read from ``known_issues.toml``, whose head states the rules."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import torch
from cattrs import structure
from packaging.specifiers import SpecifierSet

from oracle.enclosure import value_shapes
from oracle.program import Argument, Program, Value

PATH = Path(__file__).with_name("known_issues.toml")


@dataclass(frozen=True)
class KnownIssue:
    """One entry of the file; its head says what each field means."""

    name: str
    versions: str
    reason: str
    link: str
    reproducer: str
    operations: tuple[str, ...] = ()
    arguments: dict[str, Any] = field(default_factory=dict)
    dtypes: tuple[str, ...] = ()
    laws: tuple[str, ...] = ()
    where: str = ""

    def excuses(self, law: str, program: Program) -> bool:
        """Whether the issue breaks ``law`` for ``program``."""
        return law in self.laws and REGIONS[self.where](program)

    def covers(self, operation: str, arguments: dict[str, Argument]) -> bool:
        """Whether ``operation`` with ``arguments`` is in the region of this issue."""
        region = {name: tuple(value) if isinstance(value, list) else value for name, value in self.arguments.items()}
        return operation in self.operations and all(
            name in arguments and arguments[name] == value for name, value in region.items()
        )

    def concerns(self, torch_version: str) -> bool:
        """Whether the issue is known of that version of PyTorch, development builds included."""
        return SpecifierSet(self.versions).contains(torch_version, prereleases=True)


@cache
def known_issues() -> tuple[KnownIssue, ...]:
    """Every entry of the file.

    Raises:
        cattrs.ClassValidationError: if an entry lacks a field or has one of a wrong kind.
    """
    return structure(tomllib.loads(PATH.read_text(encoding="utf-8"))["issue"], tuple[KnownIssue, ...])


@cache
def present_issues() -> tuple[KnownIssue, ...]:
    """The entries that concern the PyTorch that is installed."""
    return tuple(issue for issue in known_issues() if issue.concerns(str(torch.__version__)))


def excused(operation: str, dtype: str) -> bool:
    """Whether a present issue says that ``operation``, whatever its arguments, is wrong in ``dtype``."""
    return any(
        operation in issue.operations and dtype in issue.dtypes and not issue.arguments for issue in present_issues()
    )


def a_cotangent_is_only_reshaped(program: Program) -> bool:
    """Whether some operation hands its cotangent on as a view: sums of single elements, and added axes of size 1."""
    shapes = value_shapes(program)
    for index, application in enumerate(program.applications, start=len(program.inputs)):
        for operand in application.operands:
            if not isinstance(operand, Value):
                continue
            before, after = shapes[operand.index], shapes[index]
            same_count = math.prod(before) == math.prod(after)
            if same_count and (application.operation == "sum" or before != after):
                return True
    return False


REGIONS: dict[str, Callable[[Program], bool]] = {region.__name__: region for region in (a_cotangent_is_only_reshaped,)}
"""Regions of programs by the name that ``where`` gives them."""
