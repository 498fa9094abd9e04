"""Dice: the small choices of a strategy, told by one draw of bytes.

A draw costs Hypothesis tens of microseconds, whatever its size. Where a strategy makes many small choices it throws its
dice once, always the same number of them: so what is drawn afterwards keeps its meaning while Hypothesis shrinks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

from hypothesis.strategies import DrawFn

from strategies.reuse import some_bytes

Option = TypeVar("Option")

AT_ONCE = 16
"""How many of its dice a strategy throws that does not know how many it will need."""


class Dice:
    """Choices made one after the other; every one of them takes one byte, a permutation one for each of its items.

    A byte that is 0 takes the first option: the simplest ones come first.
    """

    def __init__(self, faces: Iterator[int]) -> None:
        self._faces = faces

    def below(self, count: int) -> int:
        """An integer from 0 to ``count - 1``, where ``count`` is much smaller than 256."""
        return next(self._faces) % count

    def between(self, lowest: int, highest: int) -> int:
        """A whole number from ``lowest`` to ``highest``: 0 and its successors first, if it is among them.

        Nothing is thrown where there is no choice.
        """
        if lowest == highest:
            return lowest
        count = highest - lowest + 1
        if not lowest < 0 <= highest:
            return lowest + self.below(count)
        number = self.below(count)
        return number if number <= highest else number - count

    def perhaps(self) -> bool:
        """No, or yes."""
        return self.below(2) == 1

    def below_many(self, count: int) -> int:
        """An integer from 0 to ``count - 1``, where ``count`` is much smaller than 65,536; takes two bytes."""
        return (next(self._faces) * 256 + next(self._faces)) % count

    def among(self, options: Sequence[Option]) -> Option:
        """One of ``options``."""
        return options[self.below(len(options))]

    def next(self, count: int) -> Dice:
        """The next ``count`` dice, to be thrown in any number: those that are left over are not thrown."""
        return Dice(iter(list(islice(self._faces, count))))

    def permutation(self, count: int) -> tuple[int, ...]:
        """The integers from 0 to ``count - 1`` in any order: ascending, if all bytes are 0."""
        left = list(range(count))
        return tuple(left.pop(self.below(len(left))) for _ in range(count))


def dice(draw: DrawFn, *, count: int) -> Dice:
    """Dice for ``count`` choices, from one draw. Shrinks towards the first option of each."""
    return Dice(iter(some_bytes(draw, size=count)))


def endless_dice(draw: DrawFn) -> Dice:
    """Dice for as many choices as are made, thrown ``AT_ONCE`` at a time. Shrinks towards the first option of each."""

    def faces() -> Iterator[int]:
        while True:
            yield from some_bytes(draw, size=AT_ONCE)

    return Dice(faces())
