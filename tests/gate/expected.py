"""What is expected of a program, by tier: computed, unless it is known of the program that is being judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from oracle.device import DeviceArithmetic
from oracle.exact import NotPolynomial, exact
from oracle.program import Program
from oracle.verdict import Truths, certified, enclosed, exact_values

Known = dict[str, Truths | None]
"""What is known of one program, by tier; None by the exact tier if the program is no polynomial near its inputs."""


def _exact(program: Program, arithmetic: DeviceArithmetic) -> Truths | None:
    try:
        return exact_values(exact(program))
    except NotPolynomial:
        return None


TIERS: dict[str, Callable[[Program, DeviceArithmetic], Truths | None]] = {
    "exact": _exact,
    "certificate": lambda program, arithmetic: certified(program, arithmetic.powers_are_exact),
    "enclosure": lambda program, arithmetic: enclosed(program, flushes_subnormals=arithmetic.flushes_subnormals),
}
"""How each tier computes what it expects of a program where the arithmetic is as it was measured."""


class Expected:
    """What is expected under measured facts; what has been computed of one program is kept until the next one comes."""

    def __init__(self, arithmetic: DeviceArithmetic) -> None:
        self.arithmetic = arithmetic
        self.program: Program | None = None
        self.known: Known = {}

    def take(self, program: Program, known: Known | None = None) -> None:
        """Keep what is computed of ``program`` from now on, together with what is ``known`` of it already."""
        self.program = program
        self.known = {} if known is None else dict(known)

    def of(self, program: Program, tier: str) -> Truths | None:
        """What ``tier`` expects of ``program``."""
        if program is not self.program:
            return TIERS[tier](program, self.arithmetic)
        if tier not in self.known:
            self.known[tier] = TIERS[tier](program, self.arithmetic)
        return self.known[tier]


def widening_facts(facts: dict[str, bool]) -> frozenset[str]:
    """The names of those of a ``DeviceArithmetic``'s facts that hold and make radii wider."""
    exact_powers = {"powers_are_inexact": not facts["powers_are_exact"]}
    rest = {name: holds for name, holds in facts.items() if name != "powers_are_exact"}
    return frozenset(name for name, holds in (exact_powers | rest).items() if holds)


def facts_of(arithmetic: DeviceArithmetic) -> dict[str, bool]:
    """The facts by their names, as reports and stores keep them."""
    return asdict(arithmetic)


TOUCHED: dict[str, tuple[str, ...]] = {"powers_are_inexact": ("pow",)}
"""The operations whose radii a fact makes wider; a fact that is not here touches all of them."""


def touches(fact: str, program: Program) -> bool:
    """Whether a fact may make radii of ``program`` wider."""
    return fact not in TOUCHED or any(each.operation in TOUCHED[fact] for each in program.applications)
