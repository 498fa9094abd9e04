"""Polynomials of one or several variables: dense, sparse, in power form, in products and in Horner form."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn

from oracle.polynomial import Polynomial, Term
from strategies.dice import dice
from strategies.numbers import Numbers, list_size, listed
from strategies.reuse import reused, some_bytes

Exponents = tuple[int, ...]

MOST_TERMS = 4
"""Of a polynomial that is not dense, before every variable has its term."""


@reused
@st.composite
def supports(
    draw: DrawFn, *, min_variables: int = 1, max_variables: int = 1, max_degree: int = 5
) -> tuple[Exponents, ...]:
    """The exponents of the terms of a polynomial: no term twice, and every variable in some term.

    - ``min_variables``, ``max_variables``: how many variables there may be.
    - ``max_degree``: of each term, at least 1.

    Half of those of one variable are dense: all powers up to the degree. Shrinks towards one linear term: any term may
    go, and a variable goes when its last term does.
    """
    if not 1 <= min_variables <= max_variables:
        raise InvalidArgument(f"{min_variables=} and {max_variables=} must ascend from 1")
    if max_degree < 1:
        raise InvalidArgument(f"{max_degree=} must be at least 1")
    dies = dice(draw, count=1 + MOST_TERMS * (2 + max_degree))
    dense = max_variables == 1 and dies.below(2) == 1
    # A term is drawn factor by factor: nearly every freely drawn tuple of exponents would exceed the degree. Each has a
    # die of its own that takes it or leaves it, so that any of them may go when Hypothesis shrinks.
    terms = []
    for _ in range(MOST_TERMS):
        taken, degree = dies.below(3) > 0, dies.below(max_degree + 1)
        factors = [dies.below(max_variables) for _ in range(max_degree)]
        if taken:
            terms.append(tuple(sorted(factors[:degree])))
    terms = list(dict.fromkeys(terms))
    if dense:
        terms = [(0,) * power for power in range(max([1, *map(len, terms)]), -1, -1)]
    used = sorted({variable for term in terms for variable in term})
    count = max(len(used), min_variables)
    support = [tuple(term.count(variable) for variable in used) + (0,) * (count - len(used)) for term in terms]
    return covering(support, count)


def covering(support: Iterable[Exponents], variables: int) -> tuple[Exponents, ...]:
    """``support`` with a linear term for each of ``variables`` that no term contains."""
    terms = tuple(support)
    missing = [variable for variable in range(variables) if not any(exponents[variable] for exponents in terms)]
    return terms + tuple(tuple(int(place == variable) for place in range(variables)) for variable in missing)


def _form(die: int, support: tuple[Exponents, ...]) -> str:
    forms = ("products", "power", "horner") if len(support[0]) == 1 else ("products", "power")
    return forms[die % len(forms)]


@reused
@st.composite
def polynomials(draw: DrawFn, *, support: tuple[Exponents, ...], coefficients: Numbers) -> Polynomial:
    """Polynomials with the terms of ``support``.

    - ``coefficients``: one that comes out as 0 is replaced by 1.

    Shrinks towards products with coefficients as simple as they come.
    """
    die, *drawn = some_bytes(draw, size=1 + list_size(coefficients, len(support)))
    numbers = listed(bytes(drawn), coefficients, len(support))
    terms = tuple(Term(number or 1.0, exponents) for number, exponents in zip(numbers, support, strict=True))
    return Polynomial(_no_bare_variable(terms), _form(die, support))


def _no_bare_variable(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """``terms``, or -x where they would be x alone, which takes no operation."""
    if len(terms) == 1 and terms[0].degree == 1 and terms[0].coefficient == 1:
        return (replace(terms[0], coefficient=-1.0),)
    return terms


@dataclass(frozen=True)
class Room:
    """How large the coefficients of an exact polynomial may be.

    The sum over all terms of ``|coefficient| * weight(degree)`` stays within ``size``. With the weight
    ``max(k, 1) * V^k * c`` for degree k, where V bounds the variables and c everything that a partial derivative is
    later multiplied by and summed over, both the value and every gradient stay within ``size``, partial results
    included: the derivative of ``a x^k`` is ``k a x^(k-1)``.
    """

    size: int
    weight: Callable[[int], int]

    def needed(self, support: Iterable[Exponents]) -> int:
        """What ``support`` takes with coefficients 1 or -1."""
        return sum(self.weight(sum(exponents)) for exponents in support)


@st.composite
def lattice_polynomials(draw: DrawFn, *, support: tuple[Exponents, ...], room: Room, scale: int = 0) -> Polynomial:
    """Polynomials with integer coefficients that fit into ``room``.

    - ``support``: the terms, as far as they fit; a variable that loses all of its terms gets a linear one.
    - ``room``: must hold a linear term for each variable.
    - ``scale``: coefficients of degree k are multiplied by ``2**(-scale * k)``, to go with variables multiplied by
      ``2**scale``: then every product is the same as with integers.

    Shrinks towards products with coefficients 1.
    """
    variables = len(support[0])
    kept: tuple[Exponents, ...] = ()
    for exponents in support:
        if room.needed(covering((*kept, exponents), variables)) <= room.size:
            kept = (*kept, exponents)
    kept = covering(kept, variables)
    left = room.size - room.needed(kept)
    if left < 0:
        raise InvalidArgument(f"{room=} must hold a linear term for each of {variables} variables")
    # The form; of each term: the sign, how many bits of the coefficient may be set, and the bits.
    width = 2 + 7
    die, *drawn = some_bytes(draw, size=1 + len(kept) * width)
    terms = []
    for place, exponents in enumerate(kept):
        sign, length, *bits = drawn[place * width : (place + 1) * width]
        weight = room.weight(sum(exponents))
        most = left // weight
        extra = int.from_bytes(bits) % 2 ** (length % (most.bit_length() + 1)) % (most + 1)
        left -= extra * weight
        sign = -1 if sign % 2 else 1
        terms.append(Term(sign * (1 + extra) * 2.0 ** (-scale * sum(exponents)), exponents))
    return Polynomial(_no_bare_variable(tuple(terms)), _form(die, kept))
