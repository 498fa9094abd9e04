"""The known wrong gradients of PyTorch: read from ``known_issues.toml``, whose head states the rules."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cattrs import structure
from packaging.specifiers import SpecifierSet

from oracle.arithmetic import Accumulation
from oracle.enclosure import Holes, value_shapes
from oracle.operations import FAMILIES
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
    dtypes: tuple[str, ...] = ()
    application: str = ""
    range: bool = False
    magnitudes: tuple[tuple[float, float], ...] = ()
    arguments: dict[str, Any] = field(default_factory=dict)
    raises: str = ""
    kept_in_dtype: str = ""
    laws: tuple[str, ...] = ()
    where: str = ""

    def excuses(self, law: str, program: Program) -> bool:
        """Whether the issue breaks ``law`` for ``program``."""
        return law in self.laws and REGIONS[self.where](program)

    def explains(self, error: Exception, program: Program) -> bool:
        """Whether ``error``, which PyTorch raised instead of an answer to ``program``, is the one of this issue."""
        applied = (self.concerns_operation(each.operation, program.dtype) for each in program.applications)
        return bool(self.raises) and self.raises in str(error) and any(applied)

    def loses(self, operation: str, dtype: str, kept: Accumulation | None) -> bool:
        """Whether sums of that kind lose terms in ``operation``, because they are ``kept`` in the dtype."""
        named = kept is not None and self.kept_in_dtype == kept.name
        return named and self.concerns_operation(operation, dtype)

    def concerns_operation(self, operation: str, dtype: str) -> bool:
        """Whether ``operation`` is among its operations, and ``dtype`` among its dtypes, if it names any."""
        return operation in self.operations and (not self.dtypes or dtype in self.dtypes)

    def covers(
        self, operation: str, arguments: dict[str, Argument], dtype: str, shapes: Shapes, expanded: bool = False
    ) -> bool:
        """Whether ``operation`` applied to operands of ``shapes`` is in the region, and must not be drawn.

        ``expanded`` tells whether the first operand may have axes of stride 0.
        """
        drawn = self.range or self.magnitudes or self.raises or self.kept_in_dtype
        if drawn or not self.concerns_operation(operation, dtype):
            return False
        region = {name: tuple(value) if isinstance(value, list) else value for name, value in self.arguments.items()}
        named = all(name in arguments and arguments[name] == value for name, value in region.items())
        return named and (not self.application or APPLICATIONS[self.application](arguments, shapes, expanded))

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


def is_known(error: Exception, program: Program) -> bool:
    """Whether a known issue makes PyTorch raise ``error`` instead of an answer to ``program``."""
    return any(issue.explains(error, program) for issue in present_issues())


def is_undrawable(operation: str, dtype: str) -> bool:
    """Whether a known issue takes the whole of ``operation`` out of what is drawn in ``dtype``."""
    return any(
        not issue.arguments and not issue.application and issue.covers(operation, {}, dtype, ())
        for issue in present_issues()
    )


def takes_expanded(operation: str, dtype: str) -> bool:
    """Whether no known issue keeps operands with axes of stride 0 from ``operation``."""
    return not any(
        issue.application == the_operand_may_be_expanded.__name__ and issue.concerns_operation(operation, dtype)
        for issue in present_issues()
    )


@cache
def known_holes(dtype: str) -> Holes:
    """The holes of the PyTorch that is installed."""
    concerned = [issue for issue in present_issues() if not issue.dtypes or dtype in issue.dtypes]
    return Holes(
        frozenset(operation for issue in concerned if issue.range for operation in issue.operations),
        {operation: issue.magnitudes for issue in concerned if issue.magnitudes for operation in issue.operations},
    )


def a_cotangent_is_only_rearranged(program: Program) -> bool:
    """Whether some operation hands its cotangent on as a view.

    These are rearrangements, sums of single elements, and operands to which broadcasting adds axes of size 1.
    """
    shapes = value_shapes(program)
    for application, results in zip(program.applications, program.results, strict=True):
        if application.operation in _REARRANGEMENTS:
            return True
        for operand in application.operands:
            if not isinstance(operand, Value):
                continue
            before, after = shapes[operand.index], shapes[results[0]]
            same_count = math.prod(before) == math.prod(after)
            if same_count and (application.operation in ("sum", "nansum") or before != after):
                return True
    return False


_REARRANGEMENTS = frozenset(operation.name for operation in FAMILIES["structure"])

REGIONS: dict[str, Callable[[Program], bool]] = {
    region.__name__: region for region in (a_cotangent_is_only_rearranged,)
}
"""Regions of programs by the name that ``where`` gives them."""


Shapes = tuple[tuple[int, ...], ...]


def a_bound_falls_short(arguments: dict[str, Argument], shapes: Shapes, expanded: bool) -> bool:
    """Whether the first operand and one of the others have together a smaller shape than the result."""
    whole = np.broadcast_shapes(*shapes)
    return any(np.broadcast_shapes(shapes[0], bound) != whole for bound in shapes[1:])


def strided_dilated_and_padded(arguments: dict[str, Argument], shapes: Shapes, expanded: bool) -> bool:
    """Whether the last axis of a convolution is padded, with steps between the windows and within them."""
    return all(
        _last(arguments.get(name, usual)) > usual for name, usual in (("stride", 1), ("dilation", 1), ("padding", 0))
    )


def _last(argument: Any) -> int:
    """What an argument says of the last axis: one number for all, or one for each."""
    return int(np.ravel(argument)[-1])


def the_operand_may_be_expanded(arguments: dict[str, Argument], shapes: Shapes, expanded: bool) -> bool:
    """Whether the first operand may have axes of stride 0."""
    return expanded


def strided(arguments: dict[str, Argument], shapes: Shapes, expanded: bool) -> bool:
    """Whether the windows of a convolution are more than one element apart."""
    return "stride" in arguments


def grouped(arguments: dict[str, Argument], shapes: Shapes, expanded: bool) -> bool:
    """Whether a convolution has several groups."""
    return "groups" in arguments


APPLICATIONS: dict[str, Callable[[dict[str, Argument], Shapes, bool], bool]] = {
    region.__name__: region
    for region in (
        a_bound_falls_short,
        grouped,
        strided,
        strided_dilated_and_padded,
        the_operand_may_be_expanded,
    )
}
"""Regions of applications by the name that ``application`` gives them."""
