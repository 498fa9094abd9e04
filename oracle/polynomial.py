"""Polynomials, and the ways in which a program may write them down."""

from __future__ import annotations

from dataclasses import dataclass

from oracle.program import Operand, ProgramBuilder, Value

FORMS = ("power", "products", "horner")
"""``power`` calls ``pow``; ``products`` multiplies repeatedly; ``horner`` (one variable) nests."""

WRITTEN_WITH = ("add", "sub", "mul", "neg", "pow")
"""The operations that write polynomials down."""


@dataclass(frozen=True)
class Term:
    """``coefficient`` times the product of the variables raised to ``exponents``, one for each variable."""

    coefficient: float
    exponents: tuple[int, ...]

    @property
    def degree(self) -> int:
        """The sum of the exponents."""
        return sum(self.exponents)


@dataclass(frozen=True)
class Polynomial:
    """A sum of terms, and the form in which it is written.

    Raises:
        ValueError: if it is constant or a bare variable, has a coefficient 0, or is in Horner form with several
        variables.
    """

    terms: tuple[Term, ...]
    form: str = "power"

    def __post_init__(self) -> None:
        if self.degree == 0:
            raise ValueError("a constant polynomial has no gradient to check")
        if len(self.terms) == 1 and self.degree == 1 and self.terms[0].coefficient == 1:
            raise ValueError("a bare variable needs no operation")
        if any(term.coefficient == 0 for term in self.terms):
            raise ValueError("a term with coefficient 0 is no term")
        if self.form not in FORMS or (self.form == "horner" and len(self.terms[0].exponents) != 1):
            raise ValueError(f"form {self.form!r} does not fit: choose from {FORMS}, Horner for one variable")

    @classmethod
    def univariate(cls, *coefficients: float, form: str = "power") -> Polynomial:
        """The polynomial with these coefficients, from the highest power to the constant; zeros are left out."""
        powers = range(len(coefficients) - 1, -1, -1)
        terms = zip(coefficients, powers, strict=True)
        return cls(tuple(Term(float(c), (power,)) for c, power in terms if c), form)

    @property
    def degree(self) -> int:
        """The highest degree of a term."""
        return max((term.degree for term in self.terms), default=0)

    def write(self, builder: ProgramBuilder, variables: tuple[Value, ...], spelling: int = 0) -> Value:
        """Append the operations that compute the polynomial of ``variables`` and return its value.

        Args:
            builder: where they go.
            variables: one value for each variable.
            spelling: which spelling of each operation is called, where its first operand is a tensor.
        """
        writer = _Writer(builder, spelling)
        if self.form == "horner":
            return writer.horner(self, variables[0])
        total: Value | None = None
        constant = 0.0
        for term in self.terms:
            if term.degree == 0:
                constant += term.coefficient
                continue
            monomial = writer.monomial(term.exponents, variables, by_power=self.form == "power")
            total = writer.accumulated(total, term.coefficient, monomial)
        assert total is not None
        return writer.plus(total, constant)


@dataclass
class _Writer:
    builder: ProgramBuilder
    spelling: int

    def _apply(self, operation: str, *operands: Operand, **arguments: int) -> Value:
        return self.builder.apply(operation, *operands, spelling=self.spelling, arguments=dict(arguments))

    def times(self, value: Value, factor: float) -> Value:
        if factor == 1:
            return value
        if factor == -1:
            return self._apply("neg", value)
        # ``2 * x`` is how people write it; the other spellings want the tensor first.
        return self._apply("mul", *((factor, value) if self.spelling == 0 else (value, factor)))

    def plus(self, value: Value, constant: float) -> Value:
        if constant == 0:
            return value
        return self._apply("add" if constant > 0 else "sub", value, abs(constant))

    def accumulated(self, total: Value | None, coefficient: float, monomial: Value) -> Value:
        if total is None:
            return self.times(monomial, coefficient)
        return self._apply("add" if coefficient > 0 else "sub", total, self.times(monomial, abs(coefficient)))

    def monomial(self, exponents: tuple[int, ...], variables: tuple[Value, ...], *, by_power: bool) -> Value:
        product: Value | None = None
        for variable, exponent in zip(variables, exponents, strict=True):
            if by_power and exponent > 1:
                factors = [self._apply("pow", variable, exponent=exponent)]
            else:
                factors = [variable] * exponent
            for factor in factors:
                product = factor if product is None else self._apply("mul", product, factor)
        assert product is not None
        return product

    def horner(self, polynomial: Polynomial, variable: Value) -> Value:
        coefficients = {term.exponents[0]: term.coefficient for term in polynomial.terms}
        nested = self.times(variable, coefficients[polynomial.degree])
        for power in range(polynomial.degree - 1, 0, -1):
            nested = self._apply("mul", self.plus(nested, coefficients.get(power, 0.0)), variable)
        return self.plus(nested, coefficients.get(0, 0.0))
