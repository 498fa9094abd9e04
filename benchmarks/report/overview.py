"""What comes first on the page: the figures that count, and what to be careful about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benchmarks.families import above_bound, middle
from benchmarks.records import CHEAP_GRADIENT
from benchmarks.report import detection, paths, quantities
from benchmarks.report.inputs import Inputs


@dataclass(frozen=True)
class Figure:
    """A number, what it means, and the section that it comes from."""

    number: str
    says: str
    section: str
    verdict: Literal["", "good", "bad"] = ""


def figures(inputs: Inputs) -> list[Figure]:
    """One or two figures of each file that is there."""
    found = []
    if gate := inputs.gate:
        elements = sum(each.elements for each in gate.properties)
        compared = elements or sum(each.comparisons for each in gate.properties)
        says = "gradient elements compared" if elements else "values compared"
        found.append(Figure(quantities.count(compared), says, "correctness"))
    if inputs.paths:
        right, judged = paths.right(inputs.paths), len(inputs.paths.paths)
        colour: Literal["good", "bad"] = "good" if inputs.paths.verdict == "green" else "bad"
        found.append(Figure(f"{right} of {judged}", "code paths right", "paths", colour))
    if (power := inputs.power) and power.faults:
        caught, planted = detection.caught(power), len(power.faults)
        verdict: Literal["good", "bad"] = "good" if caught == planted else "bad"
        found.append(Figure(f"{caught} of {planted}", "planted faults caught", "detection", verdict))
    if (results := inputs.results) and results.records:
        records = results.records
        median = middle(each.total_to_primal for each in records)
        found.append(Figure(quantities.ratio(median), "median cost of forward and backward, over the function", "cost"))
        above = len(above_bound(records))
        says = f"cases cost more than {CHEAP_GRADIENT} × the function + overhead"
        found.append(Figure(f"{above} of {len(records)}", says, "cost", "bad" if above else "good"))
    return found


def warnings(inputs: Inputs) -> list[str]:
    """What keeps the files from being read together."""
    releases = inputs.releases
    if len(set(releases.values())) < 2:
        return []
    listed = ", ".join(f"{name} is about {release}" for name, release in releases.items())
    return [f"These files are about different builds of PyTorch: {listed}."]
