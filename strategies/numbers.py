"""Numbers told by bytes, one by one and in lists.

Hypothesis takes tens of microseconds for every draw, whatever its size. So the numbers of a tensor come from one draw
of bytes, a few for each number, which are decoded together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DrawFn, SearchStrategy
from numpy.typing import NDArray

from strategies.reuse import reused, some_bytes

Codes = NDArray[np.uint8]
Decoder = Callable[[Codes], NDArray[np.float64]]


@dataclass(frozen=True)
class Numbers:
    """Numbers, told by a few bytes each.

    Attributes:
        width: how many bytes tell a number.
        decode: the numbers, shape ``(n,)``, that bytes of shape ``(n, width)`` tell. Bytes that are all 0 tell the
            simplest number; small bytes tell simpler numbers than large ones.
        ladder: that many different numbers, simple ones first, or all there are to offer: what takes the places of
            duplicates.
        wide: how the bytes of one list in five are decoded instead, if that is another way.
        zero: whether 0 is among them.
    """

    width: int
    decode: Decoder
    ladder: Callable[[int], tuple[float, ...]]
    wide: Decoder | None = None
    zero: bool = False

    def singles(self) -> SearchStrategy[float]:
        """The numbers one by one, for what is no tensor. Shrinks towards the simplest."""
        return _single_numbers(self)

    def __or__(self, other: Numbers) -> Numbers:
        """Half of the numbers are from here and half from ``other``."""

        def mixed(first: Decoder, second: Decoder) -> Decoder:
            def decode(codes: Codes) -> NDArray[np.float64]:
                ours, theirs = codes[:, 1 : 1 + self.width], codes[:, 1 : 1 + other.width]
                return np.where(codes[:, 0] % 2 == 0, first(ours), second(theirs))

            return decode

        wide = None
        if self.wide or other.wide:
            wide = mixed(self.wide or self.decode, other.wide or other.decode)
        return Numbers(
            1 + max(self.width, other.width),
            mixed(self.decode, other.decode),
            lambda count: tuple(dict.fromkeys(self.ladder(count) + other.ladder(count)))[:count],
            wide,
            self.zero or other.zero,
        )


def whole_numbers(codes: Codes) -> NDArray[np.uint64]:
    """The integer that the bytes of each row write, the first byte the highest; at most eight bytes."""
    padded = np.zeros((len(codes), 8), np.uint8)
    padded[:, 8 - codes.shape[1] :] = codes
    return padded.view(">u8")[:, 0].astype(np.uint64)


@st.composite
def _single_numbers(draw: DrawFn, numbers: Numbers) -> float:
    drawn = some_bytes(draw, size=numbers.width)
    return float(numbers.decode(np.frombuffer(drawn, np.uint8).reshape(1, numbers.width))[0])


@reused
@st.composite
def number_lists(draw: DrawFn, *, numbers: Numbers, count: int, distinct: bool = False) -> tuple[float, ...]:
    """Lists of ``count`` of ``numbers``.

    - ``distinct``: whether all must differ; otherwise one list in five is drawn from a pool of one or two numbers, so
      that there are ties and constant slices, and half of one list in ten is 0, if that is among the numbers.

    Shrinks towards the simplest numbers, all equal unless they must differ.
    """
    return listed(some_bytes(draw, size=list_size(numbers, count)), numbers, count, distinct)


def list_size(numbers: Numbers, count: int) -> int:
    """How many bytes tell ``count`` of ``numbers``: the first one is about the whole list."""
    return 1 + count * numbers.width


def listed(drawn: bytes, numbers: Numbers, count: int, distinct: bool = False) -> tuple[float, ...]:
    """The list that ``drawn`` tells, as ``number_lists`` draws it; bytes that are left over tell nothing."""
    rest, shared = divmod(drawn[0], 5)
    rest, two = divmod(rest, 2)
    decode = numbers.wide if numbers.wide and rest % 5 == 4 else numbers.decode
    codes = np.frombuffer(drawn, np.uint8, count * numbers.width, offset=1).reshape(count, numbers.width)
    if distinct:
        return _parted(decode(codes).tolist(), numbers.ladder(count))
    if shared == 4 and count > 2 and numbers.width > 0:
        pool = decode(codes[: 1 + two])
        return tuple(pool[codes[:, -1] % len(pool)].tolist())
    drawn_numbers = decode(codes)
    if shared == 3 and two and count > 2 and numbers.zero and numbers.width > 0:
        drawn_numbers = np.where(codes[:, -1] % 2, np.where(codes[:, -1] < 192, 0.0, -0.0), drawn_numbers)
    return tuple(drawn_numbers.tolist())


def _parted(numbers: list[float], others: tuple[float, ...]) -> tuple[float, ...]:
    """``numbers`` with others in the places of duplicates."""
    if len(others) < len(numbers):
        raise InvalidArgument(f"{len(numbers)} different numbers are wanted, and there are {len(others)}")
    taken = set(numbers)
    free = (other for other in others if other not in taken)
    seen: set[float] = set()
    for place, number in enumerate(numbers):
        if number in seen:
            numbers[place] = next(free)
        seen.add(number)
    return tuple(numbers)
