"""Results by family: medians over the cases of one kind."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.records import Record, Results


@dataclass(frozen=True)
class Family:
    """The cases of one family on one device."""

    name: str
    device: str
    records: tuple[Record, ...]

    @property
    def backward_to_forward(self) -> float:
        """Median of the ratio."""
        return middle(each.backward_to_forward for each in self.records)

    @property
    def total_to_primal(self) -> float:
        """Median of the ratio."""
        return middle(each.total_to_primal for each in self.records)

    @property
    def to_closed_form(self) -> float:
        """Median of the ratio, where there is a closed form."""
        return middle(each.to_closed_form for each in self.records)

    @property
    def bandwidth_share(self) -> float:
        """Median of the share."""
        return middle(each.bandwidth_share for each in self.records)

    @property
    def node_microseconds(self) -> float:
        """Median over the cases."""
        return middle(each.node_microseconds for each in self.records)


def families(results: Results) -> list[Family]:
    """The families, in the order of the file."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in results.records:
        groups.setdefault((record.family, record.device), []).append(record)
    return [Family(name, device, tuple(records)) for (name, device), records in groups.items()]


def above_bound(records: Sequence[Record]) -> list[Record]:
    """Those whose gradient is not cheap, the worst first."""
    return sorted((each for each in records if not each.is_cheap), key=lambda each: -each.total_to_primal)


def middle(numbers: Iterable[float]) -> float:
    """The median of what is a number among ``numbers``; NaN if nothing is."""
    known = [each for each in numbers if not math.isnan(each)]
    return median(known) if known else math.nan
