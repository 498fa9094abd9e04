"""What the catalogue knows about one torch operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oracle.array import Array
from oracle.program import Argument

Definition = Callable[..., Array]


@dataclass(frozen=True)
class Operation:
    """A torch callable beside its definition.

    Attributes:
        name: the name in the catalogue.
        spellings: the ways to call it, as Python expressions with ``{0}``, ``{1}`` for the operands, ``{name}``
            for an argument that is always present, and ``{arguments}`` for all others as keywords. This very text is
            run, and printed in reproducers. The first takes numbers for any operand.
        definition: what it means, over ``Array`` operands (and numbers) and the arguments as keywords.
        notation: how mathematics writes it, with ``{0}``, ``{1}`` and arguments as in ``spellings``.
        precedence: binding strength of ``notation``: 0 sum, 1 product, 2 sign, 3 power, 4 function call.
    """

    name: str
    spellings: tuple[str, ...]
    definition: Definition
    notation: str
    precedence: int

    def apply(self, operands: tuple[Array | float, ...], arguments: dict[str, Argument]) -> Array:
        """The definition's result for ``operands``."""
        return self.definition(*operands, **arguments)

    def call(self, spelling: int, operands: tuple[str, ...], arguments: dict[str, Argument]) -> str:
        """The Python expression that calls torch, with ``operands`` given as expressions."""
        return fill_in(self.spellings[spelling], operands, arguments)


def fill_in(template: str, operands: tuple[str, ...], arguments: dict[str, Argument]) -> str:
    """``template`` with its places filled: see ``Operation.spellings``."""
    keywords = "".join(f", {name}={value!r}" for name, value in arguments.items() if f"{{{name}}}" not in template)
    return template.format(*operands, arguments=keywords, bare_arguments=keywords.removeprefix(", "), **arguments)
