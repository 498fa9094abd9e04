"""What came of the same programs on every code path of the CPU."""

from __future__ import annotations

from benchmarks.report import quantities, table
from benchmarks.report.facts import differences
from benchmarks.report.inputs import CodePath, Facts, PathFinding, Paths
from benchmarks.report.table import Cell, Column, Table, words


def right(paths: Paths) -> int:
    """How many of the paths that were judged are right."""
    return sum(path.green for path in paths.paths)


def lines(paths: Paths) -> list[str]:
    """How the programs were drawn, and what is not told by the table."""
    drawn = paths.stored
    chosen = [f"{drawn.seconds:.0f} s"]
    chosen += [f"profile {drawn.profile}"] if drawn.profile else []
    chosen += [f"{quantities.counted(drawn.max_examples, 'example')} a property"] if drawn.max_examples else []
    chosen += [f"seed {drawn.seed}"] if drawn.seed else []
    found = [f"{quantities.counted(drawn.programs, 'program')} drawn in {', '.join(chosen)}."]
    if drawn.ended:
        found.append(f"The run that drew them did not come to its end: {drawn.ended}.")
    elif paths.verdict != "green" and right(paths) == len(paths.paths):
        found.append("Every path is right, but something was wrong when they were drawn.")
    return found


def dtypes(paths: Paths) -> list[str]:
    """The dtypes that were judged on any path."""
    return list(dict.fromkeys(dtype for path in paths.paths for dtype in path.dtypes))


def verdict(path: CodePath, dtype: str) -> str:
    """Right, WRONG and in how many properties, or that the run ended before it could say so."""
    found = path.dtypes.get(dtype)
    if path.ended and (found is None or found.verdict == "right"):
        return "ended"
    return found.verdict if found else quantities.ABSENT


def remark(path: CodePath) -> str:
    """How its run ended, if badly, or what else is to be known."""
    if path.ended:
        return f"ended: {path.ended}"
    if not path.green and all(each.verdict == "right" for each in path.dtypes.values()):
        return "something failed that is none of the properties"
    return path.remark


def programs(path: CodePath) -> int:
    """How many were judged there."""
    return sum(each.examples for each in path.dtypes.values())


def missing(why: str) -> str:
    """That the machine has no such path, as a remark."""
    return f"not on this machine: {why}"


def path_table(paths: Paths) -> Table:
    """A row for each path, those that the machine lacks last."""
    judged = dtypes(paths)
    columns = (
        words("Path", "cpu is the CPU as it is; each other path has the settings after the stroke"),
        *(words(dtype, f"whether {dtype} is right there, or in how many properties it is wrong") for dtype in judged),
        Column("Programs", "that were judged there"),
        Column("Time", "of the whole run, which starts a process of its own"),
        words("Remark", "how the run ended, if badly; why the machine lacks the path; what else is to be known"),
    )
    rows = [
        (
            Cell(path.target),
            *(_verdict(verdict(path, dtype)) for dtype in judged),
            table.count(programs(path)),
            Cell(f"{path.seconds:.0f} s", path.seconds),
            table.cell(remark(path)),
        )
        for path in paths.paths
    ]
    absent = Cell(quantities.ABSENT)
    rows += [
        (Cell(each.target), *[absent] * len(judged), absent, absent, Cell(missing(each.why)))
        for each in paths.unavailable
    ]
    return Table("code-paths", "Paths", columns, rows)


def _verdict(text: str) -> Cell:
    if text == quantities.ABSENT:
        return Cell(text)
    return Cell(text, verdict="good" if text == "right" else "bad")


def difference_table(paths: Paths) -> Table:
    """A row for each path and fact that is another one on the base path."""
    base = paths.paths[0] if paths.paths else None
    columns = (
        words("Path", "which computes in another way than the base"),
        words("What differs", f"so it is there, and not on {base.target if base else 'the base'}; radii follow"),
        words("Dtypes", "in which it differs"),
    )
    found: dict[tuple[str, str], list[str]] = {}
    for path in paths.paths[1:]:
        for dtype, facts in path.facts.items():
            for each in differences(paths.paths[0].facts.get(dtype, Facts()), facts):
                found.setdefault((path.target, each), []).append(dtype)
    rows = [(Cell(target), Cell(says), Cell(", ".join(names))) for (target, says), names in found.items()]
    return Table("path-differences", "What differs from the base", columns, rows)


def wrong_on(paths: Paths, finding: PathFinding) -> str:
    """Where ``finding`` shows, in a sentence, and whether the base is among it."""
    base = paths.paths[0].target if paths.paths else ""
    too = f", and not on {base}" if base and base not in finding.paths else ""
    everywhere = len(finding.paths) == len(paths.paths) > 1
    return f"Wrong on {'every path' if everywhere else ', '.join(finding.paths)}{too}."
