"""Polynomials of one or several variables: dense, sparse, in power form, in products and in Horner form."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn, SearchStrategy

from oracle.polynomial import Polynomial, Term

Exponents = tuple[int, ...]


@st.composite
def supports(
    draw: DrawFn, *, min_variables: int = 1, max_variables: int = 1, max_degree: int = 5
) -> tuple[Exponents, ...]:
    """The exponents of the terms of a polynomial: no term twice, and every variable in some term.

    - ``min_variables``, ``max_variables``: how many variables there may be.
    - ``max_degree``: of each term, at least 1.

    Half of those of one variable are dense: all powers up to the degree. Shrinks towards few terms and few variables: a
    variable goes when its last term does.
    """
    if not 1 <= min_variables <= max_variables:
        raise InvalidArgument(f"{min_variables=} and {max_variables=} must ascend from 1")
    if max_degree < 1:
        raise InvalidArgument(f"{max_degree=} must be at least 1")
    # A term is drawn factor by factor: nearly every freely drawn tuple of exponents would exceed the degree.
    factors = st.lists(st.integers(0, max_variables - 1), max_size=max_degree).map(sorted).map(tuple)
    terms = draw(st.lists(factors, min_size=1, max_size=4, unique=True))
    if max_variables == 1 and draw(st.booleans()):
        terms = [(0,) * power for power in range(max(1, *map(len, terms)), -1, -1)]
    used = sorted({variable for term in terms for variable in term})
    count = max(len(used), min_variables)
    support = [tuple(term.count(variable) for variable in used) + (0,) * (count - len(used)) for term in terms]
    return covering(support, count)


def covering(support: Iterable[Exponents], variables: int) -> tuple[Exponents, ...]:
    """``support`` with a linear term for each of ``variables`` that no term contains."""
    terms = tuple(support)
    missing = [variable for variable in range(variables) if not any(exponents[variable] for exponents in terms)]
    return terms + tuple(tuple(int(place == variable) for place in range(variables)) for variable in missing)


def _forms(support: tuple[Exponents, ...]) -> SearchStrategy[str]:
    return st.sampled_from(("products", "power", "horner") if len(support[0]) == 1 else ("products", "power"))


@st.composite
def polynomials(draw: DrawFn, *, support: tuple[Exponents, ...], coefficients: SearchStrategy[float]) -> Polynomial:
    """Polynomials with the terms of ``support``.

    - ``coefficients``: one that comes out as 0 is replaced by 1.

    Shrinks towards products with coefficients as simple as they come.
    """
    terms = tuple(Term(draw(coefficients) or 1.0, exponents) for exponents in support)
    return Polynomial(_no_bare_variable(terms), draw(_forms(support)))


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
    terms = []
    for exponents in kept:
        weight = room.weight(sum(exponents))
        extra = draw(st.integers(0, left // weight))
        left -= extra * weight
        sign = draw(st.sampled_from((1, -1)))
        terms.append(Term(sign * (1 + extra) * 2.0 ** (-scale * sum(exponents)), exponents))
    return Polynomial(_no_bare_variable(tuple(terms)), draw(_forms(kept)))
