"""What is expected of a program, by tier: computed, unless it is known of the program that is being judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from oracle.arithmetic import Accumulation, DeviceArithmetic
from oracle.enclosure import Holes
from oracle.exact import NotPolynomial, exact
from oracle.operations import FAMILIES
from oracle.program import Program
from oracle.target import CPU, Target
from oracle.verdict import Truths, certified, enclosed, exact_values

Known = dict[str, Truths | None]
"""What is known of one program, by tier; None by the exact tier if the program is no polynomial near its inputs."""


def _exact(program: Program) -> Truths | None:
    try:
        return exact_values(exact(program))
    except NotPolynomial:
        return None


Tier = Callable[[Program, DeviceArithmetic, Target], Truths | None]


def _keeping_in_dtype(*kinds: Accumulation) -> Tier:
    return lambda program, arithmetic, target: enclosed(
        program, replace(arithmetic, kept_in_dtype=frozenset(kinds)), target
    )


TIERS: dict[str, Tier] = {
    "exact": lambda program, arithmetic, target: _exact(program),
    "certificate": lambda program, arithmetic, target: certified(program, arithmetic),
    "wide sums": _keeping_in_dtype(),
    "enclosure": enclosed,
    **{kind.name: _keeping_in_dtype(kind) for kind in Accumulation},
}
"""How each tier computes what it expects of a program where the arithmetic is as it was measured.

That of a kind of sums expects that they are kept in the dtype, and no others.
"""


class Expected:
    """What is expected under measured facts and known issues; what was computed of a program is kept until the next."""

    def __init__(self, arithmetic: DeviceArithmetic, target: Target = CPU) -> None:
        self.arithmetic = arithmetic
        self.target = target
        self.program: Program | None = None
        self.known: Known = {}

    def take(self, program: Program, known: Known | None = None) -> None:
        """Keep what is computed of ``program`` from now on, together with what is ``known`` of it already."""
        self.program = program
        self.known = {} if known is None else dict(known)

    def of(self, program: Program, tier: str) -> Truths | None:
        """What ``tier`` expects of ``program``."""
        if program is not self.program:
            return TIERS[tier](program, self.arithmetic, self.target)
        if tier not in self.known:
            self.known[tier] = TIERS[tier](program, self.arithmetic, self.target)
        return self.known[tier]


def widening_facts(arithmetic: DeviceArithmetic) -> frozenset[str]:
    """The names of those of its facts that make radii wider."""
    names = [kind.name for kind in arithmetic.kept_in_dtype] + list(arithmetic.composite)
    if not arithmetic.powers_are_exact:
        names.append("powers_are_inexact")
    if arithmetic.flushes_subnormals:
        names.append("flushes_subnormals")
    if arithmetic.products_flush_subnormals:
        names.append("products_flush_subnormals")
    if arithmetic.product_roundoff:
        names.append(f"factors rounded to {arithmetic.product_roundoff}")
    return frozenset(names)


def holes_differ(program: Program, one: Holes, other: Holes) -> bool:
    """Whether not the same is left out of what is claimed of ``program``."""

    def of(holes: Holes, operation: str) -> object:
        return operation in holes.keeping_to_range, holes.magnitudes.get(operation)

    return any(of(one, each.operation) != of(other, each.operation) for each in program.applications)


_CONVOLUTIONS = ("conv1d", "conv2d")
_PRODUCTS = tuple(operation.name for operation in FAMILIES["products"])

TOUCHED: dict[str, tuple[str, ...]] = {
    "powers_are_inexact": ("pow",),
    Accumulation.CONVOLUTION_WEIGHTS.name: _CONVOLUTIONS,
    Accumulation.DILATED_BIASES.name: _CONVOLUTIONS,
    Accumulation.WINDOWS.name: _CONVOLUTIONS,
    "products_flush_subnormals": _PRODUCTS,
    "silu": ("silu",),
    "mish": ("mish",),
}
"""The operations whose radii a fact makes wider; a fact that is not here touches all of them."""


def touches(fact: str, program: Program) -> bool:
    """Whether a fact may make radii of ``program`` wider."""
    return fact not in TOUCHED or any(each.operation in TOUCHED[fact] for each in program.applications)
