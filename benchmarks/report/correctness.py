"""What the gate says: its verdict, its properties, its findings and the issues that are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.report import quantities, table
from benchmarks.report.inputs import Gate, KnownIssue, Property
from benchmarks.report.table import Cell, Column, Table, words
from tests.gate.losses import Loss, times_too_small


@dataclass(frozen=True)
class Totals:
    """What some records of properties add up to; ``wrong_in`` names those whose property does not hold.

    ``everywhere`` says that none of them has an operation for which it holds.
    """

    name: str
    examples: int
    comparisons: int
    elements: int
    informative: int
    worst: float
    seconds: float
    everywhere: bool
    wrong_in: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """In words: right, or where it is wrong."""
        if not self.wrong_in:
            return "right"
        return "wrong everywhere" if self.everywhere else f"wrong in {', '.join(self.wrong_in)}"

    @property
    def informative_share(self) -> float:
        """The share of gradient elements that tell something; NaN if there are none."""
        return self.informative / self.elements if self.elements else math.nan


_Name = Callable[[Property], str]


def _of_property(record: Property) -> str:
    return record.property


def _of_dtype(record: Property) -> str:
    return f"{record.dtype} on {record.device}"


def _totals(name: str, records: Sequence[Property], part: _Name) -> Totals:
    """What ``records`` add up to; ``part`` names each of them."""
    return Totals(
        name,
        sum(each.examples for each in records),
        sum(each.comparisons for each in records),
        sum(each.elements for each in records),
        sum(each.informative for each in records),
        max((each.worst for each in records), default=0.0),
        sum(each.seconds for each in records),
        len(records) > 1 and all(each.outcome == "failed" and each.failed in (0, each.items) for each in records),
        tuple(_wrong_in(part(each), each) for each in records if each.outcome == "failed"),
    )


def _wrong_in(name: str, record: Property) -> str:
    """``name``, with how many operations are wrong of those that have an item each; 0 if none was compared."""
    return f"{name} ({record.failed} of {record.items})" if record.items > 1 else name


def by_property(gate: Gate) -> list[Totals]:
    """One for each property, over devices and dtypes."""
    return _grouped(gate, _of_property, _of_dtype)


def _grouped(gate: Gate, name: _Name, part: _Name) -> list[Totals]:
    groups: dict[str, list[Property]] = {}
    for each in gate.properties:
        groups.setdefault(name(each), []).append(each)
    return [_totals(key, records, part) for key, records in groups.items()]


@dataclass(frozen=True)
class Headline:
    """The verdict on top of the page, with the facts that say what it is about."""

    colour: Literal["green", "red", "none"]
    title: str
    sentence: str
    facts: tuple[tuple[str, str], ...] = ()


def headline(gate: Gate | None) -> Headline:
    """The verdict of the gate, or that there is none."""
    if gate is None:
        sentence = "There is no gate.json to say whether these gradients are right."
        return Headline("none", "The gate has not been run", sentence)
    total = _totals("all", gate.properties, _of_property)
    compared = quantities.counted(total.elements, "gradient element")
    if not total.elements:
        compared = quantities.counted(total.comparisons, "value")
    facts = [
        ("PyTorch", gate.torch),
        ("Devices", ", ".join(gate.devices)),
        ("Dtypes", ", ".join(gate.dtypes)),
        ("Profile", f"{gate.profile}, {quantities.counted(gate.max_examples, 'example')} a property"),
        ("Seed", gate.seed or "none"),
    ]
    facts += [("Operations", ", ".join(gate.operations_chosen))] if gate.operations_chosen is not None else []
    facts += [("Date", gate.date)] if gate.date else []
    facts += [("Left out", "; ".join(gate.left_out))] if gate.left_out else []
    if gate.verdict == "unfinished":
        sentence = f"It was ended before its time. {compared} compared until then; none was found wrong."
        return Headline("none", "The gate was not finished", sentence, tuple(facts))
    if gate.verdict == "green":
        evidence = f", {quantities.share(total.informative_share)} of them informative" if total.elements else ""
        return Headline("green", "Gate green", f"{compared} compared{evidence}; none was found wrong.", tuple(facts))
    found = quantities.counted(len(gate.findings), "finding") if gate.findings else "No finding, but a failure"
    failed = [each.name for each in by_property(gate) if each.wrong_in]
    where = f" in {', '.join(failed)}" if failed else "; the output of the gate says what failed"
    return Headline("red", "Gate red", f"{found}{where}. {compared} compared.", tuple(facts))


_COLUMNS = (
    Column("Examples", "programs that were drawn and run"),
    Column("Comparisons", "everything compared: elements of gradients and outputs, laws, finite differences"),
    Column("Gradients", "gradient elements that were compared, each on its own"),
    Column("Informative", "share of them whose radius is at most a tenth of the gradient, so that they are evidence"),
    Column("Radii", "the largest error, in units of what error analysis allows; at most 1 if right"),
    Column("Time", "for drawing, running and judging"),
    words("Verdict", "right, or where it is wrong"),
    Column("Run again", "what draws the same programs again; copy it", "command"),
)


def property_table(gate: Gate) -> Table:
    """A row for each property."""
    column = words("Property", "what must hold; the README says it of each")
    rows = [_row(each, _again(gate, f"-k 'test_{each.name.replace(' ', '_')}['")) for each in by_property(gate)]
    return Table("properties", "Properties", (column, *_COLUMNS), rows)


def dtype_table(gate: Gate) -> Table:
    """A row for each device and dtype."""
    groups = _grouped(gate, _of_dtype, _of_property)
    column = words("Dtype and device", "where the programs ran")
    rows = []
    for each in groups:
        dtype, _, device = each.name.partition(" on ")
        rows.append(_row(each, _again(gate, f"--device {device} --dtype {dtype}")))
    return Table("dtypes", "Dtypes and devices", (column, *_COLUMNS), rows)


def _again(gate: Gate, chosen: str) -> str:
    """The command that draws the ``chosen`` programs of this run again."""
    kept_to = f" --operations={','.join(gate.operations_chosen)}" if gate.operations_chosen is not None else ""
    seed = f" --hypothesis-seed={gate.seed}" if gate.seed else ""
    return f"tox run -e gate -- {chosen}{kept_to} --hypothesis-profile={gate.profile}{seed}"


def _row(each: Totals, command: str) -> tuple[Cell, ...]:
    return (
        Cell(each.name),
        table.count(each.examples),
        table.count(each.comparisons),
        table.count(each.elements or None),
        table.share(each.informative_share),
        Cell(f"{each.worst:.2f}", each.worst) if each.worst else Cell(quantities.ABSENT),
        Cell(f"{each.seconds:.1f} s", each.seconds),
        Cell(each.verdict, verdict="bad" if each.wrong_in else "good"),
        Cell(command),
    )


def coverage(gate: Gate) -> str:
    """How many operations were judged in each dtype, in a sentence."""
    cases = dict.fromkeys(case for by_case in gate.operations.values() for case in by_case)
    judged = {
        case: sum(case in by_case and by_case[case].judged > 0 for by_case in gate.operations.values())
        for case in cases
    }
    parts = [f"{number} in {' on '.join(reversed(case.split()))}" for case, number in judged.items() if number]
    return f"Operations judged, of {len(gate.operations)}: {', '.join(parts)}." if parts else "No operation was judged."


def known_issue_table(issues: tuple[KnownIssue, ...]) -> Table:
    """A row for each issue that this PyTorch has, those of users' lists first."""
    columns = (
        words("Issue", "its name in oracle/known_issues.toml, where its reproducer is, or in a list of the user's own"),
        words("Kind", "whether gradients are wrong or inaccurate, or PyTorch raises an exception or crashes"),
        words("Targets", "devices and code paths that have it"),
        words("Reason", "what goes wrong, and where"),
        words("Shown", "what its reproducer showed on each target: wrong, mended, or that it cannot be shown there"),
        words("Waived", "findings that an entry of a user's list waived, in so many programs of its region"),
        words("Reported", "the issue in PyTorch's tracker, if there is one"),
    )
    rows = [
        (
            Cell(each.name),
            table.cell(each.kind),
            table.cell(", ".join(each.targets) or ("all" if each.kind else "")),
            Cell(each.reason),
            _shown(each),
            table.cell(waived(each)),
            reported(each.link),
        )
        for each in sorted(issues, key=lambda issue: issue.list is None)
    ]
    return Table("known-issues", "Known issues", columns, rows)


def _shown(issue: KnownIssue) -> Cell:
    """What the reproducer showed, with the targets of each status.

    An issue that is mended is to be deleted, unless this PyTorch is newer than what it was verified on.
    """
    targets: dict[str, list[str]] = {}
    for target, answer in issue.answers.items():
        targets.setdefault(answer.status, []).append(target)
    text = "; ".join(f"{status} on {', '.join(names)}" for status, names in targets.items())
    said = [f"{target}: {answer.said}" for target, answer in issue.answers.items() if answer.said]
    verdict: Literal["", "good", "bad"] = ""
    if "mended" in targets:
        verdict = "good" if issue.newer_than_verified else "bad"
    return Cell(text or quantities.ABSENT, detail="; ".join(said), verdict=verdict)


def waived(issue: KnownIssue) -> str:
    """What the entry of a user's list waived; empty if it is from none."""
    if issue.list is None:
        return ""
    return f"{quantities.count(issue.waived)} in {quantities.count(issue.met)}, by {issue.list}"


def losses(gate: Gate) -> list[Loss]:
    """What sums lost, the most first."""
    return sorted(gate.losses, key=lambda each: -times_too_small(each.factor))


def factor(loss: Loss) -> str:
    """How many times too small the sum is."""
    return f"{'∞' if loss.factor is None else quantities.short(loss.factor)} ×"


def loss_table(gate: Gate) -> Table:
    """A row for each operation and quantity, in each dtype on each device."""
    columns = (
        words("Operation", "which has the sum, forward or backward"),
        words("Dtype", "in which every partial sum is kept"),
        words("Device", "where it ran"),
        words("Of", "its output, or the gradient of one of its operands"),
        Column("Size", "elements of the largest tensor that takes part, or the number of operands"),
        Column("Came", "PyTorch's sum"),
        Column("Due", "the exact sum"),
        Column("Too small", "how many times; ∞ where 0 came"),
        words("Known issue", "which says so"),
    )
    rows = [
        (
            Cell(each.operation),
            Cell(each.dtype),
            Cell(each.device),
            Cell(each.quantity),
            table.count(each.size),
            Cell(quantities.short(each.came), each.came),
            Cell(quantities.short(each.due), each.due),
            Cell(factor(each), times_too_small(each.factor)),
            Cell(each.issue),
        )
        for each in losses(gate)
    ]
    return Table("losses", LOST, columns, rows)


LOST = "What sums lose in 16 bits"

WHY_LOST = (
    "PyTorch has decided to accumulate these sums in 16 bits, where a sum stops growing once its terms are too small"
    " against it; each row is the worst of its kind, and a known issue, which it names, covers it."
)


def reported(link: str) -> Cell:
    """Where an issue is reported; a link leads there."""
    if not link.startswith("https://"):
        return Cell(link)
    return Cell(link.removeprefix("https://").removeprefix("github.com/"), link=link)
