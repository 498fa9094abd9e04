"""What the benchmarks say, in tables: every case, every family, and how times grow."""

from __future__ import annotations

from benchmarks.families import above_bound, families
from benchmarks.records import CHEAP_GRADIENT, Record, Results
from benchmarks.report import quantities, table
from benchmarks.report.table import Cell, Column, Table, words
from benchmarks.workloads import WORKLOADS

_DESCRIPTION = (
    words("Workload", "what is computed: its name on the command line, and in mathematics"),
    Column("Elements", "of its largest input, about"),
    words("Dtype", "of its tensors"),
    words("Device", "where it ran"),
)


def case_table(results: Results) -> Table:
    """A row for each case."""
    columns = (
        *_DESCRIPTION,
        Column("Primal", "the function alone, nothing recorded: median time, and its quartiles"),
        Column("Forward", "the function with its graph recorded: median time, and its quartiles"),
        Column("Backward", "the gradients from a graph that is kept: median time, and its quartiles"),
        Column("Total", "a forward and a backward: median time, and its quartiles"),
        Column("Backward /\u00a0forward", "ratio of the medians"),
        Column("Total /\u00a0primal", "ratio of the medians"),
        words(
            "Cheap gradient",
            f"whether the fastest total is at most {CHEAP_GRADIENT} × the fastest primal + the overhead, which is what"
            " a graph of so many nodes costs on this device whatever it computes; below it that bound",
        ),
        Column("First call", "of a forward and a backward in the process, before any other"),
        Column("Bandwidth", "bytes that backward must move, over those that a copy moves meanwhile; over 100%: caches"),
        Column("To closed form", "backward over the gradient written by hand; below it the time of that"),
        Column("Nodes", "of the graph"),
        Column("Time a node", "of backward"),
        Column("Saved", "bytes that forward keeps for backward"),
        Column("Informative", "share of gradient elements of which the oracle could tell something, before the timing"),
        Column("Run again", "what times this case again; copy it", "command"),
    )
    commands = _Commands(results)
    return Table("cases", "Cases", columns, [_case(record, commands) for record in results.records])


def _case(record: Record, commands: _Commands) -> tuple[Cell, ...]:
    bound = CHEAP_GRADIENT * record.timings["primal"].fastest + record.overhead
    closed = record.timings.get("closed form")
    return (
        Cell(record.workload, detail=record.says),
        table.count(record.size),
        Cell(record.dtype),
        Cell(record.device),
        *(_timing(record, name) for name in ("primal", "forward", "backward", "total")),
        table.ratio(record.backward_to_forward),
        table.ratio(record.total_to_primal),
        Cell(
            "within" if record.is_cheap else "above",
            verdict="good" if record.is_cheap else "bad",
            detail=quantities.seconds(bound),
        ),
        table.seconds(record.first["total"]),
        table.share(record.bandwidth_share),
        Cell(
            quantities.ratio(record.to_closed_form),
            record.to_closed_form,
            quantities.seconds(closed.median) if closed else "",
        ),
        table.count(record.structure["nodes"]),
        table.seconds(record.node_microseconds / 1e6),
        Cell(quantities.size(record.structure["saved_bytes"]), record.structure["saved_bytes"]),
        table.share(record.informative),
        Cell(commands.of(record)),
    )


def _timing(record: Record, name: str) -> Cell:
    timing = record.timings.get(name)
    if timing is None:
        return Cell(quantities.ABSENT)
    return Cell(quantities.seconds(timing.median), timing.median, quantities.seconds_between(timing.low, timing.high))


class _Commands:
    """What times a case again."""

    def __init__(self, results: Results) -> None:
        threads = results.provenance.get("threads", 1)
        self.threads = f" --threads {threads}" if threads != 1 else ""

    def of(self, record: Record) -> str:
        """The command, with ``--full`` where only that times this number of elements."""
        workload = WORKLOADS.get(record.workload)
        full = "" if workload and record.size in workload.default_sizes(record.dtype) else " --full"
        chosen = f"--workload {record.workload} --dtype {record.dtype} --device {record.device}"
        return f"tox run -e bench -- {chosen}{full}{self.threads}"


def family_table(results: Results) -> Table:
    """A row for each family and device."""
    columns = (
        words("Family", "workloads of one kind"),
        words("Device", "where they ran"),
        Column("Cases", "workloads in all their sizes and dtypes"),
        Column("Backward /\u00a0forward", "median over the cases"),
        Column("Total /\u00a0primal", "median over the cases"),
        Column("To closed form", "backward over the gradient written by hand: median over the cases that have one"),
        Column("Bandwidth", "bytes that backward must move, over those that a copy moves meanwhile: median"),
        words("Cheap gradient", f"how many cases cost more than {CHEAP_GRADIENT} × primal + overhead"),
    )
    rows = []
    for family in families(results):
        above = len(above_bound(family.records))
        rows.append(
            (
                Cell(family.name),
                Cell(family.device),
                table.count(len(family.records)),
                table.ratio(family.backward_to_forward),
                table.ratio(family.total_to_primal),
                table.ratio(family.to_closed_form),
                table.share(family.bandwidth_share),
                Cell(f"{above} above" if above else "all within", above, verdict="bad" if above else "good"),
            )
        )
    return Table("families", "Families", columns, rows)


def growth_table(results: Results) -> Table:
    """A row for each workload, dtype and device whose times grow."""
    columns = (
        words("Workload", "its name on the command line"),
        words("Dtype", "of its tensors"),
        words("Device", "where it ran"),
        Column("Exponent", "k, where the time of backward grows as elementsᵏ; 1 is linear"),
    )
    rows = [
        (Cell(workload), Cell(dtype), Cell(device), Cell(f"{exponent:.2f}", exponent))
        for (workload, dtype, device), exponent in results.growth.items()
    ]
    return Table("growth", "Growth with the number of elements", columns, rows)


def graph_growth_table(results: Results) -> Table:
    """A row for each kind of chain, dtype, device and number of elements."""
    columns = (
        words("Chain", "of which operations"),
        words("Dtype", "of its tensors"),
        words("Device", "where it ran"),
        Column("Elements", "of its input"),
        Column("Exponent", "k, where the time of backward grows as nodesᵏ; 1 is linear"),
    )
    rows = [
        (Cell(kind), Cell(dtype), Cell(device), table.count(elements), Cell(f"{exponent:.2f}", exponent))
        for (kind, dtype, device, elements), exponent in results.graph_growth.items()
    ]
    return Table("graph-growth", "Growth with the number of nodes", columns, rows)
