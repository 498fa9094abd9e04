"""Polynomials of one or several variables: dense, sparse, in power form, in products and in Horner form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn, SearchStrategy

from oracle.polynomial import FORMS, Polynomial, Term

Exponents = tuple[int, ...]


@st.composite
def _supports(draw: DrawFn, variables: int, max_degree: int) -> list[Exponents]:
    """The exponents of some terms, without repetition; not every variable need occur."""
    if variables == 1 and draw(st.booleans()):
        return [(power,) for power in range(draw(st.integers(1, max_degree)), -1, -1)]
    exponents = st.tuples(*[st.integers(0, max_degree)] * variables).filter(lambda each: sum(each) <= max_degree)
    if variables > 1:
        # Drawn by steps, since nearly every free tuple would exceed the degree.
        steps = st.lists(st.integers(0, variables - 1), min_size=0, max_size=max_degree)
        exponents = steps.map(lambda chosen: tuple(chosen.count(variable) for variable in range(variables)))
    return draw(st.lists(exponents, min_size=1, max_size=4, unique=True))


def _covering(support: list[Exponents], variables: int) -> list[Exponents]:
    """``support`` with a linear term for every variable that no term contains."""
    missing = [
        variable for variable in range(variables) if not any(exponents[variable] for exponents in support)
    ]
    linear = [tuple(int(place == variable) for place in range(variables)) for variable in missing]
    return support + linear


def _forms(variables: int) -> SearchStrategy[str]:
    return st.sampled_from(FORMS if variables == 1 else FORMS[:2])


def _check(variables: int, max_degree: int) -> None:
    if variables < 1:
        raise InvalidArgument(f"{variables=} must be at least 1")
    if max_degree < 1:
        raise InvalidArgument(f"{max_degree=} must be at least 1")


@st.composite
def polynomials(
    draw: DrawFn, *, variables: int = 1, max_degree: int = 5, coefficients: SearchStrategy[float]
) -> Polynomial:
    """Polynomials in which every variable occurs.

    - ``variables``: how many, at least 1.
    - ``max_degree``: of each term, at least 1.
    - ``coefficients``: a coefficient that comes out as 0 is replaced by 1.

    With one variable half are dense (all powers up to the degree). Shrinks towards few terms of low degree in power form.
    """
    _check(variables, max_degree)
    support = _covering(draw(_supports(variables, max_degree)), variables)
    terms = tuple(Term(draw(coefficients) or 1.0, exponents) for exponents in support)
    return Polynomial(_no_bare_variable(terms), draw(_forms(variables)))


def _no_bare_variable(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """``terms``, or -x where they would be x alone, which takes no operation."""
    if len(terms) == 1 and terms[0].degree == 1 and terms[0].coefficient == 1:
        return (replace(terms[0], coefficient=-1.0),)
    return terms


@dataclass(frozen=True)
class Room:
    """How large the coefficients of an exact polynomial may be.

    The sum over all terms of ``|coefficient| * weight(degree)`` stays within ``size``. With the weight
    ``max(k, 1) * V^k * c`` for degree k, where V bounds the variables and c everything that a partial derivative is later
    multiplied by and summed over, both the value and every gradient stay within ``size``, partial results included: the
    derivative of ``a x^k`` is ``k a x^(k-1)``.
    """

    size: int
    weight: Callable[[int], int]

    def largest_degree(self, variables: int, limit: int = 6) -> int:
        """The largest degree, up to ``limit``, of a term that fits beside a linear term for each variable; 0 if none does."""
        beside = (variables - 1) * self.weight(1)
        return max((k for k in range(1, limit + 1) if self.weight(k) + beside <= self.size), default=0)


@st.composite
def lattice_polynomials(draw: DrawFn, *, variables: int = 1, room: Room, scale: int = 0) -> Polynomial:
    """Polynomials with integer coefficients that fit into ``room``, in which every variable occurs.

    - ``variables``: how many, at least 1.
    - ``room``: must hold a linear term for each variable.
    - ``scale``: coefficients of degree k are multiplied by ``2**(-scale * k)``, to go with variables multiplied by
      ``2**scale``: then every product is the same as with integers.

    Shrinks towards few terms of low degree with coefficients 1, in power form.
    """
    degree = room.largest_degree(variables)
    _check(variables, degree)
    left = room.size
    support: list[Exponents] = []
    for exponents in draw(_supports(variables, degree)):
        needed = sum(room.weight(sum(each)) for each in _covering([*support, exponents], variables))
        if needed <= room.size:
            support.append(exponents)
    support = _covering(support, variables)
    left -= sum(room.weight(sum(exponents)) for exponents in support)
    terms = []
    for exponents in support:
        weight = room.weight(sum(exponents))
        extra = draw(st.integers(0, left // weight))
        left -= extra * weight
        sign = draw(st.sampled_from((1, -1)))
        terms.append(Term(sign * (1 + extra) * 2.0 ** (-scale * sum(exponents)), exponents))
    return Polynomial(_no_bare_variable(tuple(terms)), draw(_forms(variables)))
