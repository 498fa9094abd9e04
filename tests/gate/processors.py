"""``python -m tests.gate.processors``: what several machines say of one PyTorch, and what they do differently.

python -m tests.gate.processors ubuntu-latest/gate.json macos-latest/gate.json

prints Markdown. Machines are named by the folders of their reports.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.gate.machines import BrokenReport, Lossy, Machine, read
from tests.gate.markdown import escaped, fenced, table

ABSENT = "–"
"""Stands for what a machine was not asked."""

MOST_LISTED = 20
"""Findings that are listed; a step's summary may have a megabyte."""

_MARKS = {"green": "✅", "red": "❌", "unfinished": "❔"}

_NOTHING = "Nothing: what was measured, what is known and what was found is the same on all of them."
_FINDINGS_ALONE = "What was measured and what is known is the same on all of them; not all found the same."

_Row = tuple[str, ...]
_T = TypeVar("_T")


def summary(machines: Sequence[Machine]) -> str:
    """The whole of it, in Markdown."""
    sections = [_differing_facts(machines), _differing_answers(machines), _differing_losses(machines)]
    findings = _findings(machines)
    lines = [*_overview(machines), "", "### What they do differently", ""]
    if len(machines) == 1:
        lines += ["There is one machine, and nothing to compare it with.", ""]
    elif not any(sections):
        alike = all(len(seen) == len(machines) for _, seen in findings)
        lines += [_NOTHING if alike else _FINDINGS_ALONE, ""]
    lines += [line for section in sections for line in section]
    return "\n".join([*lines, *_listed(findings, machines), *_waived(machines)]).rstrip() + "\n"


def _overview(machines: Sequence[Machine]) -> list[str]:
    # What follows the plus sign is the build, and differs from one system to another.
    releases = list(dict.fromkeys(machine.torch.partition("+")[0] for machine in machines))
    rows = [
        (
            machine.name,
            machine.processor,
            machine.system,
            machine.torch,
            ", ".join(machine.targets),
            f"{_MARKS.get(machine.verdict, '❔')} {machine.verdict}",
            f"{machine.judged:,} of {machine.chosen:,}",
            f"{machine.comparisons:,}",
            f"{machine.seconds:,.0f}",
        )
        for machine in machines
    ]
    columns = ("Machine", "Processor", "System", "PyTorch", "Judged on", "Verdict", "Operations judged")
    heading = f"## PyTorch {', '.join(map(escaped, releases))}"
    return [heading, "", *table((*columns, "Comparisons", "Seconds"), "llllllrrr", rows)]


def _differing_facts(machines: Sequence[Machine]) -> list[str]:
    """A row for each fact that differs, with all targets and dtypes of which the same is to be said."""
    cases: dict[_Row, list[str]] = {}
    for case in _in_order(machine.facts for machine in machines):
        for name in _in_order(machine.facts.get(case, {}) for machine in machines):
            measured = [machine.facts.get(case, {}).get(name) for machine in machines]
            for label, values in _in_words(name.replace("_", " "), measured):
                if _differ(values):
                    cases.setdefault((label, *values), []).append(case)
    rows = [(label, ", ".join(of), *values) for (label, *values), of in cases.items()]
    return _section("Measured of their arithmetic:", ("Fact", "Of"), machines, rows)


def _in_words(label: str, values: Sequence[Any]) -> Iterator[tuple[str, list[str]]]:
    """What is said of one fact on each machine; a list of names is a fact for each name."""
    if not any(isinstance(value, list) for value in values):
        yield label, [_word(value) for value in values]
        return
    for item in _in_order(value or () for value in values):
        yield f"{label}: {item}", [_word(None if value is None else item in value) for value in values]


def _word(value: Any) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _differing_answers(machines: Sequence[Machine]) -> list[str]:
    """A row for each known issue and target where reproducers showed different things, and what those said."""
    rows, said = [], []
    for issue, target in _in_order(machine.answers for machine in machines):
        answers = [machine.answers.get((issue, target)) for machine in machines]
        statuses = [ABSENT if answer is None else answer.status for answer in answers]
        if not _differ(statuses):
            continue
        rows.append((issue, target, *statuses))
        for machine, answer in zip(machines, answers, strict=True):
            if answer is not None and answer.status != "wrong" and answer.said:
                said.append(f"- {escaped(f'{issue} on {target}, {machine.name}: {answer.said}')}")
    section = _section("Known issues, and what their reproducers show:", ("Known issue", "On"), machines, rows)
    return [*section, *said, ""] if said else section


def _differing_losses(machines: Sequence[Machine]) -> list[str]:
    rows = []
    for lossy in _in_order(machine.losses for machine in machines):
        times = [_times_too_small(machine, lossy) for machine in machines]
        if _differ(times):
            rows.append((lossy.issue, f"{lossy.operation}, {lossy.quantity}", f"{lossy.device} {lossy.dtype}", *times))
    heading = "What sums lose, in times too small:"
    return _section(heading, ("Known issue", "Of", "In"), machines, rows)


def _times_too_small(machine: Machine, lossy: Lossy) -> str:
    if lossy in machine.losses:
        return f"{machine.losses[lossy]:,.3g}".replace("inf", "∞")
    asked = f"{lossy.device} {lossy.dtype}" in machine.facts and machine.verdict != "unfinished"
    return "none" if asked else ABSENT


def _findings(machines: Sequence[Machine]) -> list[tuple[str, list[str]]]:
    """Each finding once: its message where it was seen first, and the machines on which it was seen."""
    found: dict[str, tuple[str, list[str]]] = {}
    for machine in machines:
        for identifier, message in machine.findings.items():
            found.setdefault(identifier, (message, []))[1].append(machine.name)
    return list(found.values())


def _listed(findings: Sequence[tuple[str, list[str]]], machines: Sequence[Machine]) -> list[str]:
    lines = ["### Findings", ""] if findings else []
    for message, seen in findings[:MOST_LISTED]:
        where = "all of them" if 1 < len(machines) == len(seen) else ", ".join(seen)
        lines += [f"On {escaped(where)}:", "", *fenced(message), ""]
    if len(findings) > MOST_LISTED:
        lines += [f"… and {len(findings) - MOST_LISTED:,} more, which the reports hold.", ""]
    return lines


def _waived(machines: Sequence[Machine]) -> list[str]:
    """What users' lists waived; how much is drawn of a region is chance, and no difference between machines."""
    rows = []
    for name in _in_order(machine.waived for machine in machines):
        entries = [machine.waived.get(name) for machine in machines]
        (file, reason) = next((each.file, each.reason) for each in entries if each is not None)
        counts = [ABSENT if each is None else f"{each.findings:,} in {each.programs:,}" for each in entries]
        rows.append((name, file, reason, *counts))
    heading = ("Entry", "List", "Reason")
    section = _section("Findings in programs of the entry's region:", heading, machines, rows)
    return ["### Waived", "", *section] if section else []


def _section(says: str, heading: _Row, machines: Sequence[Machine], rows: Sequence[_Row]) -> list[str]:
    """A table with a column for each machine; nothing if there are no rows."""
    if not rows:
        return []
    columns = (*heading, *(machine.name for machine in machines))
    return [says, "", *table(columns, "l" * len(columns), rows), ""]


def _in_order(several: Iterable[Iterable[_T]] | Iterable[Mapping[_T, Any]]) -> list[_T]:
    """Whatever is in one of them, once, in the order in which it comes first."""
    return list(dict.fromkeys(each for one in several for each in one))


def _differ(words: Iterable[str]) -> bool:
    """Whether two machines say different things."""
    return len({word for word in words if word != ABSENT}) > 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the command line, or ``arguments``, asks for, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.gate.processors", description=main.__doc__)
    parser.add_argument(
        "reports", nargs="*", type=Path, metavar="gate.json", help="what the gate wrote, of each machine"
    )
    paths = parser.parse_args(arguments).reports
    try:
        if not paths:
            raise BrokenReport("give the gate.json of one machine or more")
        machines = read(paths)
    except BrokenReport as error:
        print(error, file=sys.stderr)
        return 2
    print(summary(machines), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
