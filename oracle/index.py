"""What tensors are indexed with: whole numbers, slices, index tensors and masks, independent of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class IndexTensor:
    """A tensor of whole numbers, or a mask.

    Attributes:
        shape: its shape.
        values: its elements in row-major order, all ``int`` or all ``bool``.
    """

    shape: tuple[int, ...]
    values: tuple[int, ...] | tuple[bool, ...]

    @property
    def is_mask(self) -> bool:
        """Whether its elements are truth values."""
        return any(isinstance(value, bool) for value in self.values)

    @property
    def array(self) -> NDArray[Any]:
        """Its elements, int64 or bool, in its shape."""
        return np.array(self.values, dtype=bool if self.is_mask else np.int64).reshape(self.shape)

    @property
    def source(self) -> str:
        """The Python expression that makes it on ``device``."""
        dtype = "torch.bool" if self.is_mask else "torch.int64"
        shaped = f".reshape({self.shape})" if 0 in self.shape else ""
        return f"torch.tensor({self.array.tolist()!r}, dtype={dtype}, device=device){shaped}"


@dataclass(frozen=True)
class Slice:
    """``start:stop:step``; None leaves a part out. torch takes positive steps only."""

    start: int | None
    stop: int | None
    step: int | None

    @property
    def source(self) -> str:
        """As it is written between brackets."""
        parts = ["" if part is None else str(part) for part in (self.start, self.stop, self.step)]
        return ":".join(parts if self.step is not None else parts[:2])


@dataclass(frozen=True)
class Index:
    """What stands between the brackets of ``x[...]``: None adds an axis."""

    entries: tuple[int | Slice | IndexTensor | None, ...]

    @property
    def key(self) -> tuple[Any, ...]:
        """The same for NumPy."""
        return tuple(
            slice(each.start, each.stop, each.step)
            if isinstance(each, Slice)
            else each.array
            if isinstance(each, IndexTensor)
            else each
            for each in self.entries
        )

    @property
    def source(self) -> str:
        """As it is written between brackets."""
        parts = [each.source if isinstance(each, Slice | IndexTensor) else repr(each) for each in self.entries]
        return ", ".join(parts) if parts else "..."
