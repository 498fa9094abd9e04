"""The operations that a strategy's programs are made of, so that it can be asked for programs of some alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

_MOST_LISTED = 8


@dataclass(frozen=True)
class Vocabulary:
    """What a strategy draws, by the names of operations.

    A strategy that has a choice takes the names that it may draw as its option ``names``.

    Attributes:
        needs: what it draws whatever it may; it draws nothing unless it may draw all of them.
        one_of: of these it draws those that it may, and nothing unless it may draw one of them.
        besides: of these it draws those that it may, if it draws anything.
    """

    needs: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()

    @property
    def has_choice(self) -> bool:
        """Whether the strategy takes ``names``."""
        return bool(self.one_of or self.besides)

    def within(self, allowed: Collection[str]) -> tuple[str, ...]:
        """What is drawn where ``allowed`` are allowed, in the order of the fields."""
        return tuple(name for name in (*self.needs, *self.one_of, *self.besides) if name in allowed)

    def lacks(self, allowed: Collection[str]) -> str:
        """What must be allowed, too, before anything is drawn, in words; empty if nothing must."""
        missing = [name for name in self.needs if name not in allowed]
        parts = [_listed(missing)] if missing else []
        if self.one_of and not any(name in allowed for name in self.one_of):
            parts.append(f"one of {_listed(self.one_of)}")
        return " and ".join(parts)


def _listed(names: Collection[str]) -> str:
    more = len(names) - _MOST_LISTED
    return ", ".join([*list(names)[:_MOST_LISTED], *([f"… ({more} more)"] if more > 0 else [])])
