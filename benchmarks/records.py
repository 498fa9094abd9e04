"""The records of ``benchmarks.json``: one for each case, with its ratios and what they are set against."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cattrs
import numpy as np

CHEAP_GRADIENT = 5
"""How many times the cost of a function its gradient may cost at most: Griewank & Walther, *Evaluating Derivatives*
(2008), count 5 at worst for a sum of elementary operations with their memory traffic."""

MULTIPLE = 2
"""Times of a workload that are this many times its shortest one count as growth, not as overhead."""


class BrokenResults(Exception):
    """A file of results cannot be read, and why, in one line."""


def case_name(device: str, dtype: str, workload: str, size: int) -> str:
    """What a case is called in the names of its tests."""
    return f"{device}-{dtype}-{workload}-{size}"


@dataclass(frozen=True)
class Timing:
    """Seconds of one pass: the median of some rounds, its quartiles, the fastest round, and how many there were."""

    median: float
    low: float
    high: float
    fastest: float
    rounds: int
    iterations: int


@dataclass(frozen=True)
class Record:
    """One case.

    Attributes:
        workload, family, says, size, dtype, device: what was timed.
        timings: by pass.
        first: seconds of the first call of each pass.
        informative: the share of gradient elements that the oracle could tell something of.
        structure: counts of the graph.
        device_timings: seconds that the device itself counted, by pass; none on the CPU.
        bandwidth: bytes a second that the device copies.
        node_seconds, call_seconds: overhead of a forward and a backward on the device.
    """

    workload: str
    family: str
    says: str
    size: int
    dtype: str
    device: str
    timings: dict[str, Timing]
    first: dict[str, float]
    informative: float
    structure: dict[str, int]
    device_timings: dict[str, float]
    bandwidth: float
    node_seconds: float
    call_seconds: float

    @property
    def name(self) -> str:
        """What the case is called in the names of its tests."""
        return case_name(self.device, self.dtype, self.workload, self.size)

    def _seconds(self, timed: str) -> float:
        return self.timings[timed].median if timed in self.timings else math.nan

    @property
    def backward_to_forward(self) -> float:
        """Backward over forward, which records the graph."""
        return self._seconds("backward") / self._seconds("forward")

    @property
    def total_to_primal(self) -> float:
        """Forward and backward over the function alone: what the cheap-gradient bound is about."""
        return self._seconds("total") / self._seconds("primal")

    @property
    def overhead(self) -> float:
        """Seconds that a graph of so many nodes costs on this device whatever it computes."""
        return self.call_seconds + self.structure["nodes"] * self.node_seconds

    @property
    def is_cheap(self) -> bool:
        """Whether forward and backward cost at most ``CHEAP_GRADIENT`` times the function, plus the overhead."""
        fastest = {name: timing.fastest for name, timing in self.timings.items()}
        return fastest["total"] <= CHEAP_GRADIENT * fastest["primal"] + self.overhead

    @property
    def bandwidth_share(self) -> float:
        """Bytes that backward must move over those that a copy moves meanwhile; above 1, they lay in a cache."""
        return self.structure["backward_bytes"] / self._seconds("backward") / self.bandwidth

    @property
    def node_microseconds(self) -> float:
        """Microseconds of backward for each node."""
        return self._seconds("backward") / self.structure["nodes"] * 1e6

    @property
    def to_closed_form(self) -> float:
        """Backward over the gradient written by hand; NaN where there is none."""
        return self._seconds("backward") / self._seconds("closed form")


@dataclass(frozen=True)
class Results:
    """A file of results.

    Attributes:
        provenance: what was timed, where and how.
        records: one for each case.
    """

    provenance: dict[str, Any]
    records: tuple[Record, ...]

    @cached_property
    def growth(self) -> dict[tuple[str, str, str], float]:
        """By workload, dtype and device: the exponent with which backward grows over the number of elements."""
        found: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
        for record in self.records:
            key = (record.workload, record.dtype, record.device)
            found.setdefault(key, []).append((record.size, record._seconds("backward")))
        return {key: exponent for key, points in found.items() if (exponent := growth_exponent(points)) is not None}

    @cached_property
    def graph_growth(self) -> dict[tuple[str, str, str, int], float]:
        """By kind of chain, dtype, device and number of elements: the exponent with which backward grows over nodes."""
        found: dict[tuple[str, str, str, int], list[tuple[float, float]]] = {}
        for record in self.records:
            if record.family == "chains":
                key = (record.workload.rsplit("-", 1)[0], record.dtype, record.device, record.size)
                found.setdefault(key, []).append((record.structure["nodes"], record._seconds("backward")))
        return {key: exponent for key, points in found.items() if (exponent := growth_exponent(points)) is not None}


def growth_exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """The slope of the line through the logarithms of ``points`` (size, seconds), by least squares.

    Points near the shortest time are overhead, and are left out. None where fewer than two remain.
    """
    least = min(seconds for _, seconds in points)
    grown = [(size, seconds) for size, seconds in points if seconds >= MULTIPLE * least]
    if len(grown) < 2:
        return None
    sizes, seconds = np.log(np.array(sorted(grown))).T
    return float(np.polyfit(sizes, seconds, 1)[0]) if sizes[0] < sizes[-1] else None


def read(path: Path) -> Results:
    """The results in ``path``.

    Raises:
        BrokenResults: if there are none, or they are not what the benchmarks write.
    """
    if not path.exists():
        raise BrokenResults(f"{path}: no such file; 'tox run -e bench' makes one")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return results(content)
    except (ValueError, UnicodeDecodeError) as error:
        raise BrokenResults(f"{path}: broken JSON ({error})") from None
    except (KeyError, TypeError, AttributeError, cattrs.BaseValidationError) as error:
        raise BrokenResults(f"{path}: not what 'tox run -e bench' writes (no {error})") from None


def results(content: dict[str, Any]) -> Results:
    """The results in the ``content`` of a file: pytest-benchmark's own, or what ``benchmarks.store`` kept of one."""
    provenance = content["gradcert"]
    if "records" in content:
        return Results(provenance, tuple(cattrs.structure(each, Record) for each in content["records"]))
    cases: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for each in content["benchmarks"]:
        info = each["extra_info"]
        cases.setdefault((info["workload"], info["size"], info["dtype"], info["device"]), []).append(each)
    # A case of which a pass is missing was not timed in full.
    records = [_record(passes, provenance) for passes in cases.values()]
    return Results(provenance, tuple(record for record in records if {"primal", "total"} <= set(record.timings)))


_COUNTS = ("nodes", "saved_bytes", "dispatched", "primal_bytes", "backward_bytes")


def _record(passes: list[dict[str, Any]], provenance: dict[str, Any]) -> Record:
    info = passes[0]["extra_info"]
    device = provenance["devices"][info["device"]]
    on_device = {each["extra_info"]["timed"]: each["extra_info"].get("device_seconds") for each in passes}
    content = {name: info[name] for name in ("workload", "family", "says", "size", "dtype", "device", "informative")}
    content |= {name: device[name] for name in ("bandwidth", "node_seconds", "call_seconds")}
    content["timings"] = {each["extra_info"]["timed"]: _timing(each["stats"]) for each in passes}
    content["first"] = {each["extra_info"]["timed"]: each["extra_info"]["first_seconds"] for each in passes}
    content["structure"] = {name: info[name] for name in _COUNTS}
    content["device_timings"] = {name: seconds["median"] for name, seconds in on_device.items() if seconds}
    # Checks the kind of each, too.
    return cattrs.structure(content, Record)


_STATISTICS = {"median": "median", "low": "q1", "high": "q3", "fastest": "min"}
"""Fields of a timing, and what pytest-benchmark calls them."""


def _timing(stats: dict[str, Any]) -> dict[str, Any]:
    found = {name: stats[theirs] for name, theirs in _STATISTICS.items()}
    return found | {"rounds": stats["rounds"], "iterations": stats["iterations"]}
