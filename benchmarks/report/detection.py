"""What the power measurement says: which planted faults are caught, thresholds, false alarms."""

from __future__ import annotations

from benchmarks.report import quantities, table
from benchmarks.report.inputs import PlantedFault, Power
from benchmarks.report.table import Cell, Column, Table, words

_PEERS = {
    "slow": ("Slow gradcheck", "by torch.autograd.gradcheck on one random float64 input"),
    "fast": ("Fast gradcheck", "by gradcheck with fast_mode=True on the same input"),
    "opinfo": ("OpInfo", "by gradcheck on the samples of PyTorch's own operator tests"),
}
"""Other checkers, by their names in the file: what they are called, and how they are asked."""


def caught(power: Power) -> int:
    """How many faults the gate caught."""
    return sum(fault.gate.verdict == "red" for fault in power.faults)


def area_table(power: Power) -> Table:
    """A row for each area: how many of its faults the gate and its peers caught."""
    columns = (
        words("Area", "what the faults are about"),
        Column("Faults", "that were planted, one after the other"),
        Column("Gate", "how many the gate caught"),
        *(Column(name, f"how many are caught {means}") for name, means in _PEERS.values()),
    )
    areas: dict[str, list[PlantedFault]] = {}
    for fault in power.faults:
        areas.setdefault(fault.area, []).append(fault)
    rows = []
    for area, faults in areas.items():
        caught_here = sum(fault.gate.verdict == "red" for fault in faults)
        rows.append(
            (
                Cell(area),
                table.count(len(faults)),
                Cell(str(caught_here), caught_here, verdict="good" if caught_here == len(faults) else "bad"),
                *(_caught_by(peer, faults) for peer in _PEERS),
            )
        )
    return Table("areas", "Areas of faults", columns, rows)


def _caught_by(peer: str, faults: list[PlantedFault]) -> Cell:
    said = [fault.peers.get(peer) for fault in faults if fault.peers.get(peer) is not None]
    return Cell(str(sum(map(bool, said))), sum(map(bool, said)), "" if len(said) == len(faults) else f"of {len(said)}")


def fault_table(power: Power) -> Table:
    """A row for each fault."""
    columns = (
        words("Fault", "a wrong gradient that was planted, by its name, and what is wrong"),
        words("Area", "what the fault is about"),
        words("Gate", "whether the gate caught it"),
        *(words(name, f"whether it is caught {means}") for name, means in _PEERS.values()),
        words("Caught by", "the first property that failed, its dtype, and the tier of the oracle that objected"),
        Column("Programs", "programs that were run before anything was wrong, over all properties"),
        Column("Time", "of the gate's run until its finding, which was cut down to the smallest program"),
        Column("Operations", "of the program that the finding was cut down to"),
        Column("Elements", "of all inputs of that program"),
        words("Reproducer", "whether it exits with 1 with the fault and with 0 without"),
        Column("Run again", "what plants this fault again; copy it", "command"),
    )
    return Table("faults", "Planted faults", columns, [_row(fault, power.seed) for fault in power.faults])


def _row(fault: PlantedFault, seed: int) -> tuple[Cell, ...]:
    run = fault.gate
    by = f"{run.property} in {run.dtype}" if run.property else ""
    said = {"red": "caught", "green": "missed"}.get(run.verdict, "broken")
    return (
        Cell(fault.name, detail=fault.says),
        Cell(fault.area),
        Cell(said, verdict="good" if run.verdict == "red" else "bad", detail=run.tail),
        *(Cell(_yes(fault.peers.get(peer))) for peer in _PEERS),
        Cell(by or quantities.ABSENT, detail=f"{run.tier} tier" if run.tier in ("exact", "enclosure") else run.tier),
        table.count(run.examples or None),
        Cell(f"{run.seconds:.0f} s", run.seconds),
        table.count(run.operations),
        table.count(run.elements),
        Cell(_yes(run.reproduced), verdict="bad" if run.reproduced is False else ""),
        Cell(f"tox run -e power -- --faults {fault.name} --seed {seed}"),
    )


def _yes(answer: bool | None) -> str:
    return quantities.ABSENT if answer is None else "yes" if answer else "no"


def threshold_table(power: Power) -> Table:
    """A row for each dtype, tier, number of operations and number of elements."""
    columns = (
        words("Dtype", "of the gradient"),
        words("Tier", "of the oracle: exact, or enclosure"),
        Column("Operations", "of the chain, in the gradient of one of which an element is wrong"),
        Column("Elements", "of each tensor"),
        Column("Caught 99 in 100", "relative error of one gradient element that is caught in 99 of 100 trials"),
        Column("Caught every other", "relative error that is caught in half of the trials"),
        Column("Trials", "programs that were drawn"),
    )
    rows = [
        (
            Cell(each.dtype),
            Cell(each.tier),
            table.count(each.operations),
            table.count(each.size),
            Cell(quantities.scientific(each.error), each.error),
            Cell(quantities.scientific(each.typical), each.typical),
            table.count(each.trials),
        )
        for each in power.thresholds
    ]
    return Table("thresholds", "Thresholds", columns, rows)
