"""What the catalogue knows about one torch operation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from oracle.formula import Formula
from oracle.index import Index, IndexTensor
from oracle.program import Argument

Definition = Callable[..., Any]
"""Over ``Array`` operands (and numbers) and the arguments as keywords; gives an ``Array``, or a tuple of them."""


@dataclass(frozen=True)
class Interval:
    """Where an operand may lie: between the ends, which belong to it unless ``open``."""

    lowest: float = -math.inf
    highest: float = math.inf
    open: bool = False

    def contains(self, least: float, greatest: float) -> bool:
        """Whether all numbers from ``least`` to ``greatest`` belong to it."""
        if self.open:
            return self.lowest < least and greatest < self.highest
        return self.lowest <= least and greatest <= self.highest


ANYWHERE = Interval()
POSITIVE = Interval(0, math.inf, open=True)


@dataclass(frozen=True)
class Operation:
    """A torch callable beside its definition.

    Attributes:
        name: the name in the catalogue.
        spellings: the ways to call it, as Python expressions with ``{0}``, ``{1}`` for the operands, ``{name}``
            for an argument that is always present, and ``{arguments}`` for all others as keywords. This very text is
            run, and printed in reproducers. The first takes numbers for any operand.
        definition: what it means.
        case: how operands and arguments are drawn: a name in ``strategies.cases``.
        domains: where the tensor operands may lie, in their order; those that are left out may lie anywhere.
        in_place: spellings that overwrite (a copy of) the first operand, which must have the result's shape.
        notation: how mathematics writes it, with ``{0}``, ``{1}`` and arguments as in ``spellings``; by default a call.
        precedence: binding strength of ``notation``: 0 sum, 1 product, 2 sign, 3 power, 4 function call.
        formula: what an elementwise operation computes, with default arguments where it has arguments.
        kinks: points of the first operand at which the gradient may be any of an interval; ``ties`` if it is so where
            operands or elements are equal.
        several_results: whether torch returns a tuple.
    """

    name: str
    spellings: tuple[str, ...]
    definition: Definition
    case: str = ""
    domains: tuple[Interval, ...] = ()
    in_place: tuple[str, ...] = ()
    notation: str = ""
    precedence: int = 4
    formula: Formula | None = None
    kinks: tuple[float, ...] = ()
    ties: bool = False
    several_results: bool = False

    def domain(self, position: int) -> Interval:
        """Where tensor operand number ``position`` may lie."""
        return self.domains[position] if position < len(self.domains) else ANYWHERE

    @cached_property
    def all_spellings(self) -> tuple[str, ...]:
        """The spellings, those in place last."""
        return self.spellings + self.in_place

    def call(self, spelling: int, operands: tuple[str, ...], arguments: Mapping[str, Argument]) -> str:
        """The Python expression that calls torch, with ``operands`` given as expressions."""
        return fill_in(self.all_spellings[spelling], operands, arguments)

    def written(self, operands: tuple[str, ...], arguments: Mapping[str, Argument]) -> str:
        """The mathematical notation, with ``operands`` given as such."""
        notation = (
            self.notation or f"{self.name}({', '.join(f'{{{each}}}' for each in range(len(operands)))}{{arguments}})"
        )
        return fill_in(notation, operands, arguments)


def fill_in(template: str, operands: tuple[str, ...], arguments: Mapping[str, Argument]) -> str:
    """``template`` with its places filled: see ``Operation.spellings``.

    ``{operands}`` stands for all operands with commas between them.
    """
    written = {name: _source(value) for name, value in arguments.items()}
    keywords = "".join(f", {name}={value}" for name, value in written.items() if f"{{{name}}}" not in template)
    return template.format(
        *operands,
        operands=", ".join(operands),
        arguments=keywords,
        bare_arguments=keywords.removeprefix(", "),
        **written,
    )


def _source(value: Argument) -> str:
    if isinstance(value, Index | IndexTensor):
        return value.source
    return "math.inf" if value == math.inf else repr(value)
