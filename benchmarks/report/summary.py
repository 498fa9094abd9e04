"""The summary in Markdown, for a step of a CI job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.families import above_bound, families
from benchmarks.records import CHEAP_GRADIENT, Record
from benchmarks.report import comparison, correctness, paths, quantities
from benchmarks.report.inputs import COMMANDS, CodePath, Finding, Gate, Inputs, Paths
from benchmarks.report.overview import warnings
from tests.gate.markdown import escaped, fenced, table

MOST_LISTED = 20
"""Findings, and cases above the bound, that are listed; a step's summary may have a megabyte."""

_MARKS = {"green": "✅", "red": "❌", "none": "❔"}


def summary(inputs: Inputs) -> str:
    """The whole summary."""
    headline = correctness.headline(inputs.gate)
    lines = [f"## {_MARKS[headline.colour]} {headline.title}", "", escaped(headline.sentence), ""]
    if headline.facts:
        lines += [", ".join(f"{name}: {escaped(value)}" for name, value in headline.facts), ""]
    lines += [line for warning in warnings(inputs) for line in (f"**Careful.** {escaped(warning)}", "")]
    lines += _gate(inputs.gate) if inputs.gate else _absent("gate.json")
    lines += ["### Code paths", ""]
    lines += _paths(inputs.paths) if inputs.paths else _absent("paths.json")
    lines += ["### Detection power", ""]
    lines += _listed(inputs.power.summary) if inputs.power else _absent("power.json")
    lines += _listed(inputs.false_alarms.summary) if inputs.false_alarms else _absent("false_alarms.json")
    lines += ["### Cost", ""]
    lines += _cost(inputs) if inputs.results else _absent("benchmarks.json")
    lines += ["### Comparison", ""]
    lines += _listed(comparison.lines(inputs.comparison)) if inputs.comparison else _absent("comparison.json")
    return "\n".join(lines)


def _absent(name: str) -> list[str]:
    return [f"There is no {name}: `{COMMANDS[name]}` makes it.", ""]


def _listed(lines: Iterable[str]) -> list[str]:
    return [*(f"- {escaped(line)}" for line in lines), ""]


def _gate(gate: Gate) -> list[str]:
    lines = []
    if gate.findings:
        lines += ["### Findings", ""]
        for finding in gate.findings[:MOST_LISTED]:
            lines += _finding(finding)
        lines += _left_out(gate.findings, "finding")
    rows = [
        (
            each.name,
            quantities.count(each.examples),
            quantities.count(each.comparisons),
            quantities.count(each.elements) if each.elements else quantities.ABSENT,
            quantities.share(each.informative_share),
            f"{each.worst:.2f}" if each.worst else quantities.ABSENT,
            f"{each.seconds:.1f} s",
            f"**{each.verdict}**" if each.wrong_in else each.verdict,
        )
        for each in correctness.by_property(gate)
    ]
    columns = ("Property", "Examples", "Comparisons", "Gradients", "Informative", "Radii", "Time", "Verdict")
    return [*lines, "### Properties", "", *table(columns, "lrrrrrrl", rows), "", *_waived(gate), *_losses(gate)]


def _waived(gate: Gate) -> list[str]:
    rows = [(each.name, correctness.waived(each), each.reason) for each in gate.known_issues if each.list is not None]
    if not rows:
        return []
    columns = ("Entry", "Findings in programs of its region", "Reason")
    return ["### Waived by lists of your own", "", *table(columns, "lll", rows), ""]


def _losses(gate: Gate) -> list[str]:
    if not gate.losses:
        return []
    rows = [
        (
            each.operation,
            each.dtype,
            each.device,
            each.quantity,
            quantities.count(each.size),
            quantities.short(each.came),
            quantities.short(each.due),
            correctness.factor(each),
            each.issue,
        )
        for each in correctness.losses(gate)
    ]
    columns = ("Operation", "Dtype", "Device", "Of", "Size", "Came", "Due", "Too small", "Known issue")
    shown = [*table(columns, "llllrrrrl", rows[:MOST_LISTED]), *_left_out(rows, "row")]
    return [f"### {correctness.LOST}", "", correctness.WHY_LOST, "", *shown, ""]


def _paths(found: Paths) -> list[str]:
    lines = []
    for finding in found.findings[:MOST_LISTED]:
        lines += [escaped(paths.wrong_on(found, finding)), "", *_finding(finding)]
    lines += _left_out(found.findings, "finding")
    dtypes = paths.dtypes(found)
    rows = [_path(path, dtypes) for path in found.paths]
    absent = [quantities.ABSENT] * (len(dtypes) + 2)
    rows += [(each.target, *absent, paths.missing(each.why)) for each in found.unavailable]
    columns = ("Path", *dtypes, "Programs", "Time", "Remark")
    sides = f"l{'l' * len(dtypes)}rrl"
    return [*lines, *_listed(paths.lines(found)), *table(columns, sides, rows), ""]


def _path(path: CodePath, dtypes: Sequence[str]) -> tuple[str, ...]:
    verdicts = [paths.verdict(path, dtype) for dtype in dtypes]
    return (
        path.target,
        *(each if each in ("right", quantities.ABSENT) else f"**{each}**" for each in verdicts),
        quantities.count(paths.programs(path)),
        f"{path.seconds:.0f} s",
        paths.remark(path) or quantities.ABSENT,
    )


def _finding(finding: Finding) -> list[str]:
    lines = [*fenced(finding.message), ""]
    return [*lines, f"`python {finding.reproducer}`", ""] if finding.reproducer else lines


def _cost(inputs: Inputs) -> list[str]:
    assert inputs.results is not None
    records = inputs.results.records
    rows = [
        (
            family.name,
            family.device,
            quantities.count(len(family.records)),
            quantities.ratio(family.backward_to_forward),
            quantities.ratio(family.total_to_primal),
            quantities.ratio(family.to_closed_form),
            quantities.share(family.bandwidth_share),
            quantities.count(len(above_bound(family.records))),
        )
        for family in families(inputs.results)
    ]
    columns = ("Family", "Device", "Cases", "Backward / forward", "Total / primal", "To closed form", "Bandwidth")
    lines = [*table((*columns, "Above the bound"), "llrrrrrr", rows), "", "Ratios are medians over the cases.", ""]
    above = above_bound(records)
    bound = f"{CHEAP_GRADIENT} × the function + overhead"
    if not above:
        return [*lines, f"No case costs more than {bound}.", ""]
    lines += [f"{quantities.counted(len(above), 'case costs', 'cases cost')} more than {bound}:", ""]
    lines += [_above(each) for each in above[:MOST_LISTED]]
    return [*lines, *_left_out(above, "case"), ""]


def _above(record: Record) -> str:
    total, primal = record.timings["total"].fastest, record.timings["primal"].fastest
    return (
        f"- {escaped(record.name)}: {quantities.seconds(total)} for forward and backward,"
        f" {quantities.seconds(primal)} for the function (fastest rounds)"
    )


def _left_out(listed: Sequence[object], noun: str) -> list[str]:
    more = len(listed) - MOST_LISTED
    return ["", f"… and {quantities.counted(more, f'more {noun}')}: report.html lists them.", ""] if more > 0 else []
