"""A finding: one wrong answer of PyTorch, triangulated, in words and with its reproducer."""

from __future__ import annotations

import hashlib
import json
import textwrap
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from oracle.device import float64_target
from oracle.exact import NotPolynomial, exact
from oracle.finite_difference import element_direction, finite_difference
from oracle.laws import Law
from oracle.notation import mathematics
from oracle.program import Program
from oracle.program_json import to_json
from oracle.reproducer import element_script, kind_script, law_script, raised_script
from oracle.target import Target
from oracle.torch_source import value_name
from oracle.verdict import Inaccurate, Mismatch, Raised, WrongKind

SCHEMA_VERSION = 1
"""Of what reports keep of a finding (``docs/schemas/finding.schema.json``)."""

_EXACT_LIMIT = 100
"""Elements of all inputs up to which sympy is asked again for a finding that another tier made."""


@dataclass(frozen=True)
class Broken:
    """A law that does not hold, and how it says so."""

    law: Law
    complaint: str


@dataclass(frozen=True)
class Finding:
    """One wrong answer.

    Attributes:
        program: what was differentiated.
        target: where.
        route: the way in which PyTorch was asked, or the law's name.
        tier: the oracle tier that objected, or ``law``.
        wrong: what is wrong.
    """

    program: Program
    target: Target
    route: str
    tier: str
    wrong: Mismatch | WrongKind | Raised | Broken

    @cached_property
    def identifier(self) -> str:
        """Ten hexadecimal digits: the same for the same program, target, route, tier and place."""
        text = f"{to_json(self.program)} {self.target} {self.route} {self.tier} {self.place}"
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    @property
    def place(self) -> int | str | None:
        """The number of the input whose gradient is wrong, None if an output is, the law, or that it ``raises``."""
        if isinstance(self.wrong, Broken):
            return self.wrong.law.__name__
        return self.kind if isinstance(self.wrong, Raised) else self.wrong.source

    @property
    def kind(self) -> str:
        """What sort of wrong: a ``wrong`` or ``inaccurate`` number, one that ``raises``, or a broken ``law``."""
        if isinstance(self.wrong, Broken):
            return "law"
        if isinstance(self.wrong, Inaccurate):
            return "inaccurate"
        return "raises" if isinstance(self.wrong, Raised) else "wrong"

    @cached_property
    def script(self) -> str:
        """The reproducer."""
        if isinstance(self.wrong, Broken):
            return law_script(self.program, self.target, self.wrong.law)
        if isinstance(self.wrong, Raised):
            return raised_script(self.program, self.target, self.route)
        if isinstance(self.wrong, WrongKind):
            return kind_script(self.program, self.target, self.route, self.wrong)
        return element_script(self.program, self.target, self.route, self.wrong)

    def entry(self, reproducer: str | None) -> dict[str, Any]:
        """What reports keep, with the path of the ``reproducer`` if there is one."""
        return {
            "schema_version": SCHEMA_VERSION,
            "identifier": self.identifier,
            "kind": self.kind,
            "device": str(self.target),
            "dtype": self.program.dtype,
            "route": self.route,
            "tier": self.tier,
            "place": self.place,
            "message": self.message,
            "reproducer": reproducer,
            "program": json.loads(to_json(self.program)),
        }

    @cached_property
    def message(self) -> str:
        """What a person reads."""
        lines = [f"{self._headline}\n", _indented(mathematics(self.program)), ""]
        if isinstance(self.wrong, Broken):
            lines += [f"  {self.wrong.complaint}"]
        elif isinstance(self.wrong, Raised):
            when = "PyTorch was asked" if self.wrong.moment == "asked" else "its answer was read"
            lines += [f"  raised while {when}", f"    came   {self.wrong.error}"]
        elif isinstance(self.wrong, WrongKind):
            lines += [f"  {self._source}", f"    came   {self.wrong.came}", f"    due    {self.wrong.due}"]
        else:
            words = (
                _lost(self.wrong)
                if isinstance(self.wrong, Inaccurate)
                else triangulate(self.program, self.wrong, self.target)
            )
            lines += [
                *self._numbers(self.wrong),
                "",
                textwrap.fill(words, 110, initial_indent="  ", subsequent_indent="  "),
            ]
        return "\n".join(lines)

    @property
    def _headline(self) -> str:
        where = f"{self.program.dtype} on {self.target}"
        if isinstance(self.wrong, Broken):
            return f"A law is broken, {where}: {(self.wrong.law.__doc__ or '').strip()}"
        asked = f"{where}, asked by {self.route} ({self.tier} tier):"
        if isinstance(self.wrong, Raised):
            return f"An exception instead of an answer, {asked}"
        sort = "Inaccurate" if isinstance(self.wrong, Inaccurate) else "Wrong"
        return f"{sort} {'output' if self.wrong.source is None else 'gradient'}, {asked}"

    @property
    def _source(self) -> str:
        assert isinstance(self.wrong, Mismatch | WrongKind)
        if self.wrong.source is None:
            return "the output" if len(self.program.outputs) == 1 else f"output number {self.wrong.output}"
        name = "x" if len(self.program.inputs) == 1 else value_name(self.program, self.wrong.source)
        return f"the gradient of {name}"

    def _numbers(self, wrong: Mismatch) -> list[str]:
        error = abs(Fraction(wrong.came) - wrong.due) if _finite(wrong.came) else None
        far = "infinitely many" if error is None else f"{float(error / Fraction(wrong.ulp)):.3g}"
        radii = "exact tier: must be equal" if wrong.radius == 0 else f"radius {wrong.radius:.3g}"
        if error is not None and wrong.radius > 0:
            radii = f"{float(error / Fraction(wrong.radius)):.3g} radii; {radii}"
        return [
            f"  {self._source}, element {wrong.element}",
            f"    came   {wrong.came!r}",
            f"    due    {exact_decimal(wrong.due)}",
            f"    error  {far} ulp ({radii})",
        ]


def _finite(value: float) -> bool:
    return value - value == 0


def exact_decimal(value: Fraction) -> str:
    """``value`` as an integer or a decimal if that is short and exact, else 20 digits and the word 'about'."""
    if value.denominator == 1 and abs(value) < 10**20:
        return str(value.numerator)
    decimal = Decimal(value.numerator) / Decimal(value.denominator)
    if Fraction(decimal) == value and len(str(decimal)) <= 24:
        return str(decimal)
    text = f"{value.numerator}/{value.denominator}"
    return f"about {decimal:.20g}" + (f" (exactly {text})" if len(text) < 40 else "")


def _lost(wrong: Inaccurate) -> str:
    """Say in words what a sum lost that is kept in the dtype."""
    factor = abs(wrong.due / Fraction(wrong.came)) if wrong.came else None
    size = "nothing of it came" if factor is None else f"what is due is {float(factor):.3g} times what came"
    kept = f" ({wrong.kept.value})" if wrong.kept else ""
    return f"The sum is kept in the dtype{kept}: {size}. No known issue says so."


def triangulate(program: Program, wrong: Mismatch, target: Target) -> str:
    """Say in words which of PyTorch's answer, the oracles and finite differences stands alone."""
    if wrong.source is None:
        return "PyTorch's forward differs from the definition; its gradient may be consistent with either."
    symbolic = _symbolic(program, wrong)
    if symbolic is not None and abs(symbolic - wrong.due) > max(Fraction(wrong.radius), abs(wrong.due) / 2**90):
        return f"The two oracles differ: sympy says {exact_decimal(symbolic)}. This is a fault of the suite."
    oracles = "sympy and the enclosure" if symbolic is not None else "the enclosure"
    agree = "agree" if symbolic is not None else "disagrees with it"
    direction = element_direction(program, wrong.source, wrong.element)
    scale = float(direction[wrong.source][wrong.element])
    difference = finite_difference(program, direction, float64_target(target))
    value, error = difference.value / scale, difference.error / scale
    measured = f"finite differences of PyTorch's own forward give {value:.10g} ± {error:.1g}"
    near_torch = _finite(wrong.came) and abs(value - wrong.came) <= error
    near_oracle = abs(value - float(wrong.due)) <= error + wrong.radius
    if near_oracle and near_torch:
        return f"PyTorch's gradient stands alone: {oracles} {agree}; {measured}, too coarse to tell."
    if near_oracle:
        return f"PyTorch's gradient stands alone: {oracles} {agree}, and {measured}."
    if not difference.agrees_with_definition:
        said = ", as PyTorch's gradient says" if near_torch else ""
        return f"The definition stands alone: {measured}{said}. Its forward is another function."
    # The estimate of their error is none where the function changes much within a step; their bound is sure.
    return f"PyTorch's gradient stands against {oracles}: {measured}, too coarse to tell so near a kink, pole or wave."


def _symbolic(program: Program, wrong: Mismatch) -> Fraction | None:
    if sum(each.tensor.count for each in program.inputs) > _EXACT_LIMIT:
        return None
    assert wrong.source is not None  # no output comes here
    try:
        value = exact(program).gradients[wrong.source][wrong.element]
    except NotPolynomial:
        return None
    return Fraction(value)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
