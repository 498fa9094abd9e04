"""Small reports of every kind, written by what writes them, and large ones of benchmarks."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from types import SimpleNamespace

from benchmarks.comparison.measurement import Graphs, Row
from benchmarks.comparison.rule import Comparison
from benchmarks.passes import PASSES
from oracle.arithmetic import Accumulation, DeviceArithmetic
from oracle.target import CPU, Target
from tests.gate.accuracy import AccuracyReport
from tests.gate.losses import Loss
from tests.gate.record import Record
from tests.gate.report import GateReport, write_whole
from tests.paths.report import Report as PathReport
from tests.paths.runs import Run
from tests.power.gate_run import GateRun
from tests.power.report import FaultRow, Report
from tests.power.thresholds import Threshold
from tests.suite.faults import FAULTS

HEADER = {
    "devices": ["cpu"], "dtypes": ["float64", "float32"], "left_out": [], "profile": "ci", "max_examples": 150,
    "seed": "7", "operations_chosen": None,
}  # fmt: skip

MESSAGE = "Wrong gradient, float64 on cpu\n\n    z = x·x\n    came   2.000000000001\n    due    2"


def finding(message=MESSAGE, reproducer="reports/findings/454ed1e8c2.py"):
    return {
        "identifier": "454ed1e8c2",
        "device": "cpu",
        "dtype": "float64",
        "route": "backward",
        "tier": "exact",
        "message": message,
        "reproducer": reproducer,
        "program": {},
    }


LOST = Loss("conv1d", "float16", "cpu", "gradient of operand 1", 8192, 2048.0, 8192.0, 4.0, "weights-in-16-bits")
LOST_WHOLLY = replace(LOST, operation="take", quantity="output", came=0.0, due=2.12451, factor=None)

FACTS = DeviceArithmetic(composite=frozenset({"gelu", "elu"}), product_roundoff=2.0**-8)


def gate_json(folder, findings=(), properties=("operations", "exact programs", "bookkeeping"), *, finished=True):
    gate = GateReport(HEADER, folder)
    for number, name in enumerate(properties):
        for dtype in HEADER["dtypes"]:
            elements = 10 ** (3 + number)
            record = Record(
                name, "cpu", dtype, 150, 2 * elements, elements, elements - 10, 0.5, 1.25, judged={"exp": 1},
                facts=FACTS.to_json(), losses=[asdict(LOST), asdict(LOST_WHOLLY)],
            )  # fmt: skip
            attached = [("gradcert", vars(record))]
            failed = number == 0 and dtype == "float64" and bool(findings)
            attached += [("gradcert-finding", each) for each in findings] if failed else []
            outcome = "failed" if failed else "passed"
            gate.pytest_runtest_logreport(
                SimpleNamespace(outcome=outcome, failed=failed, when="call", gradcert=attached)
            )
    return gate.finish() if finished else gate.write()


WITHOUT_ONEDNN, LIMITED, BFLOAT16 = map(Target.parse, ("cpu/onednn=off", "cpu/isa=avx2", "cpu/products=bfloat16"))


def paths_json(folder, findings=(), ended=""):
    """Code paths: the second has ``findings``, the third is right unless it ``ended`` badly, another is missing."""
    usual = DeviceArithmetic()
    other = replace(FACTS, kept_in_dtype=frozenset({Accumulation.USES, Accumulation.WINDOWS}))
    base = _path_run(CPU, usual)
    runs = [base, _path_run(WITHOUT_ONEDNN, other, findings)]
    runs.append(replace(_path_run(LIMITED, usual), ended=ended, remark="as without the limit"))
    report = PathReport(base, 1234, runs, [(BFLOAT16, "products of float32 matrices are the same")])
    return report.write(folder / "paths.json")


def _path_run(target, arithmetic, findings=()):
    rows = [
        {
            "property": "operations", "dtype": dtype, "examples": 1000, "comparisons": 9, "elements": 5, "worst": 0.5,
            "outcome": "failed" if findings and dtype == "float32" else "passed",
        }
        for dtype in HEADER["dtypes"]
    ]  # fmt: skip
    facts = {f"{target} {dtype}": arithmetic.to_json() for dtype in HEADER["dtypes"]}
    found = [each | {"device": str(target), "place": 0} for each in findings]
    verdict = {"verdict": "red" if findings else "green", "findings": found, "properties": rows, "facts": facts}
    return Run(target, 24.4, HEADER | verdict)


def power_json(folder):
    peers = {"slow": False, "fast": True, "opinfo": None}
    red = GateRun("red", 12.0, "operations", "float64", "exact", 40, 1, 2, True)
    rows = [FaultRow(fault, red, peers) for fault in list(FAULTS.values())[:3]]
    rows += [FaultRow(list(FAULTS.values())[3], GateRun("green", 60.0), peers)]
    thresholds = [Threshold("float64", "exact", 3, 1000, 100, 2.5e-16, 1e-16)]
    return Report(1, rows, [], thresholds).write(folder / "power.json")


def false_alarms_json(folder):
    alarms = [(1, GateRun("green", 60.0)), (2, GateRun("red", 60.0, "operations", "float32"))]
    return Report(1, [], alarms).write(folder / "false_alarms.json")


def accuracy_json(folder):
    report = AccuracyReport()
    counts = {"compared": 819, "maximal_ulp": 0.5, "mean_ulp": 0.16, "worst_input": -1.5, "zero": 0, "infinite": 0}
    for name, lost in (("exp", 0), ("asinh", 260), ("sinh", 0)):
        forward = counts | {"nan": 0}
        row = {"operation": name, "dtype": "bfloat16", "device": "cpu", "stride": 61, "inputs": 1090}
        report.rows.append(row | {"forward": forward, "gradient": forward | {"zero": lost, "nan": lost // 10}})
    return report.write(folder)


def benchmarks_json(folder, cases=24, devices=("cpu",), says="2x⁴ + x³"):
    """Results of ``cases`` cases on each device, five passes each, as pytest-benchmark writes them."""
    timed = [_timed(number, name, device, says) for number in range(cases) for device in devices for name in PASSES]
    measured = {"bandwidth": 6.5e9, "node_seconds": 8e-6, "call_seconds": 1.8e-5}
    content = {
        "machine_info": {"node": "here"},
        "benchmarks": timed,
        "gradcert": {
            "torch": "2.13.0+cpu",
            "threads": 1,
            "machine": {"cpu": "a processor", "cores": 2},
            "devices": {device: {"name": f"the {device}"} | measured for device in devices},
        },
    }
    path = folder / "benchmarks.json"
    path.write_text(json.dumps(content, indent=4), encoding="utf-8")
    return path


_FAMILIES = ("elementwise", "chains", "reductions")


def _timed(number, name, device, says):
    size = 10 ** (number // 3 % 4 + 1)
    family = _FAMILIES[number % 3]
    length = 10 * (1 + number // 3)
    workload = f"products-{length}" if family == "chains" else f"workload-{number // 12}-of-{family}"
    nodes = length if family == "chains" else 3
    # Digits of every kind, as clocks give them.
    median = (1 + PASSES.index(name)) * (1e-5 + size * 1e-9) * (1 + 0.37 * (number * 7919 % 101) / 101)
    stats = {key: median * factor for key, factor in (("min", 0.91), ("q1", 0.97), ("median", 1), ("q3", 1.13))}
    noise = {key: median * (1.01 + place / 37) for place, key in enumerate(("max", "mean", "stddev", "iqr", "total"))}
    extra = {
        "workload": workload, "family": family, "says": says, "size": 1000 if family == "chains" else size,
        "dtype": ("float64", "float32")[number % 2], "device": device, "timed": name, "first_seconds": 3 * median,
        "informative": 0.997, "nodes": nodes, "saved_bytes": 8 * size, "dispatched": 18, "primal_bytes": 16 * size,
        "backward_bytes": 24 * size,
    }  # fmt: skip
    return {
        "group": None,
        "name": f"test_backward[{device}-{workload}-{size}-{name}]",
        "fullname": f"benchmarks/backward/test_backward.py::test_backward[{device}-{workload}-{size}-{name}]",
        "params": {"timed": [f"UNSERIALIZABLE[Case(workload=Workload(name='{workload}', says='{says}'))]"]},
        "extra_info": extra,
        "options": {"disable_gc": True, "timer": "perf_counter", "min_rounds": 9, "max_time": 0.03, "warmup": 1},
        "stats": stats
        | noise
        | {"rounds": 22, "iterations": 1, "outliers": "7;0", "data": [median * (1 + each / 7) for each in range(22)]},
    }


def comparison_json(folder, said="slower"):
    """A comparison of two releases in which the backward pass of ``exp`` is what ``said`` says."""
    same, slower = Comparison("same", 1.0, 1.01, 0.5, 1e-6, 1e-6, 15), Comparison(said, 1.4, 1.5, 1.0, 2e-6, 2.8e-6, 45)
    row = Row("exp", 1000, "float32", "forward", same, Graphs((("nodes", 2, 3),)))
    found = [row, replace(row, timed="backward", comparison=slower)]
    content = {
        "base": {"torch": "2.12.1", "python": "3.11"},
        "head": {"torch": "2.13.0+cpu", "python": "3.11"},
        "verdict": "FAILED: slower: exp (backward)",
        "controls": {"alike": asdict(same), "injected": asdict(slower)},
        "rows": [asdict(each) for each in found],
    }
    return write_whole(folder / "comparison.json", content)


def all_reports(folder, findings=()):
    gate_json(folder, findings)
    power_json(folder)
    false_alarms_json(folder)
    accuracy_json(folder)
    paths_json(folder)
    benchmarks_json(folder)
    comparison_json(folder)
    return folder
