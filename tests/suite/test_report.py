"""The report of a run: what it counts, and when it is red."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import torch

from oracle.operations import OPERATIONS
from tests.gate import processor
from tests.gate import report as report_module
from tests.gate.losses import Loss
from tests.gate.record import Record
from tests.gate.report import GateReport, environment

HEADER = {"devices": ["cpu"], "dtypes": ["float64"], "seed": "1"}


def handed_over(outcome="passed", when="call", record=None, finding=None):
    """What pytest hands over for one test."""
    properties = [("gradcert", vars(record))] if record else []
    properties += [("gradcert-finding", finding)] if finding else []
    return SimpleNamespace(outcome=outcome, failed=outcome == "failed", when=when, gradcert=properties)


def record(dtype="float64", **counts):
    return Record("products", "cpu", dtype, **counts)


def test_totals_are_sums_and_the_worst_is_the_largest(tmp_path):
    gate = GateReport(HEADER, tmp_path)
    for dtype, worst in (("float64", 0.25), ("float32", 0.5)):
        counts = {"examples": 2, "comparisons": 30, "elements": 20, "informative": 15, "worst": worst, "seconds": 1.5}
        gate.pytest_runtest_logreport(handed_over(record=record(dtype, **counts)))
    report = json.loads(gate.finish().read_text())
    expected = {"examples": 4, "comparisons": 60, "elements": 40, "informative": 30, "worst": 0.5}
    assert report["totals"] == expected
    assert report["verdict"] == "green"
    (row,) = [line for line in gate.table(80).splitlines() if line.strip().startswith("products")]
    assert row.split() == ["products", "4", "60", "40", "75.0%", "0.50", "3.0", "right"]


def test_a_failed_property_turns_the_report_red_and_is_counted(tmp_path):
    gate = GateReport(HEADER, tmp_path)
    gate.pytest_runtest_logreport(handed_over(record=record(comparisons=1)))
    gate.pytest_runtest_logreport(
        handed_over("failed", record=record("float32", comparisons=1), finding={"identifier": "abc"})
    )
    report = json.loads(gate.finish().read_text())
    assert report["verdict"] == "red"
    assert report["findings"] == [{"identifier": "abc"}]
    assert [each["outcome"] for each in report["properties"]] == ["passed", "failed"]
    assert "WRONG 1/2" in gate.table(80)


def test_a_failure_without_a_record_turns_the_report_red_too(tmp_path):
    for phase in ("setup", "call", "teardown"):
        gate = GateReport(HEADER, tmp_path)
        gate.pytest_runtest_logreport(handed_over("failed", when=phase))
        assert json.loads(gate.finish().read_text())["verdict"] == "red"


def test_laws_that_were_not_asked_are_counted(tmp_path):
    gate = GateReport(HEADER, tmp_path)
    gate.pytest_runtest_logreport(handed_over(record=record(comparisons=1)))
    assert gate.left_out() == ""
    gate.pytest_runtest_logreport(handed_over(record=record("float32", comparisons=1, left_out=1200)))
    assert gate.left_out() == "laws not asked: 1,200 on cpu, which has no storages"
    assert [each["left_out"] for each in json.loads(gate.finish().read_text())["properties"]] == [0, 1200]


def verdict(gate):
    return json.loads((gate.folder / "gate.json").read_text())["verdict"]


def properties(gate):
    return json.loads((gate.folder / "gate.json").read_text())["properties"]


def test_a_report_is_written_whole_and_is_green_at_the_end_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(report_module, "SECONDS_BETWEEN_WRITES", 0.0)
    gate = GateReport(HEADER, tmp_path)
    for count, dtype in enumerate(("float64", "float32"), start=1):
        gate.pytest_runtest_logreport(handed_over(record=record(dtype, comparisons=1)))
        assert [each.name for each in tmp_path.iterdir()] == ["gate.json"]
        assert len(properties(gate)) == count
        assert verdict(gate) == "unfinished"
    gate.finish()
    assert verdict(gate) == "green"


def test_a_report_is_written_now_and_then_but_at_once_when_something_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(report_module, "SECONDS_BETWEEN_WRITES", 3600.0)
    gate = GateReport(HEADER, tmp_path)
    gate.begin()
    gate.pytest_runtest_logreport(handed_over(record=record(comparisons=1)))
    assert properties(gate) == []
    gate.pytest_runtest_logreport(handed_over("failed", record=record("float32", comparisons=1)))
    assert (len(properties(gate)), verdict(gate)) == (2, "red")
    gate.pytest_runtest_logreport(handed_over(record=record("float16", comparisons=1)))
    assert len(properties(gate)) == 2
    gate.finish()
    assert len(properties(gate)) == 3


def item(operation, **counts):
    return record(operation=operation, **({"examples": 4, "comparisons": 9, "seconds": 0.5} | counts))


def test_items_of_one_property_make_one_row(tmp_path):
    gate = GateReport(HEADER, tmp_path)
    gate.pytest_runtest_logreport(handed_over(record=item("exp", worst=0.5, losses=[loss(factor=2.0)])))
    gate.pytest_runtest_logreport(handed_over("failed", record=item("log", worst=0.25, found_after=3)))
    gate.pytest_runtest_logreport(handed_over("skipped", record=item("add", comparisons=0, unclaimed=4, passed_over=4)))
    gate.pytest_runtest_logreport(handed_over("failed", record=item("sub", found_after=1, losses=[loss(factor=4.0)])))
    report = json.loads(gate.finish().read_text())
    (row,) = report["properties"]
    assert (row["property"], row["device"], row["dtype"]) == ("products", "cpu", "float64")
    counts = ("examples", "comparisons", "seconds", "worst", "unclaimed", "passed_over", "items", "failed", "outcome")
    assert [row[name] for name in counts] == [16, 27, 2.0, 0.5, 4, 4, 4, 2, "failed"]
    # Four programs of exp, and three of log.
    assert row["found_after"] == 7
    assert [each["factor"] for each in report["losses"]] == [4.0]
    assert "WRONG 2/4" in gate.table(80)


def test_a_property_that_compared_nothing_in_one_dtype_is_red_at_the_end(tmp_path):
    gate = GateReport(HEADER, tmp_path)
    gate.pytest_runtest_logreport(handed_over(record=item("exp")))
    gate.pytest_runtest_logreport(handed_over("skipped", record=item("exp", dtype="float32", comparisons=0)))
    gate.write()
    assert (verdict(gate), gate.empty(), [each["outcome"] for each in properties(gate)]) == (
        "unfinished", "", ["passed", "skipped"],
    )  # fmt: skip
    gate.pytest_runtest_logreport(handed_over("skipped", record=item("log", dtype="float32", comparisons=0)))
    gate.finish()
    assert (verdict(gate), [each["outcome"] for each in properties(gate)]) == ("red", ["passed", "failed"])
    assert gate.empty() == "compared nothing: products on cpu in float32"
    assert "EMPTY 1/2" in gate.table(80)


def test_a_failure_makes_a_report_red_before_the_end(tmp_path):
    gate = GateReport(HEADER, tmp_path)
    gate.pytest_runtest_logreport(handed_over("failed", record=record(comparisons=1)))
    assert verdict(gate) == "red"
    gate.finish()
    assert verdict(gate) == "red"


def test_a_run_that_judged_nothing_is_never_green(tmp_path):
    gate = GateReport(HEADER, tmp_path)
    gate.begin()
    gate.finish()
    assert verdict(gate) == "unfinished"


def test_what_an_earlier_run_left_goes(tmp_path):
    (tmp_path / "findings").mkdir()
    for name in ("accuracy.json", "gate.json", "findings/0123456789.py", "findings/0123456789.toml", "benchmarks.json"):
        (tmp_path / name).write_text("earlier")
    gate = GateReport(HEADER, tmp_path)
    gate.begin()
    assert {each.name for each in tmp_path.rglob("*")} == {"findings", "gate.json", "benchmarks.json"}
    assert verdict(gate) == "unfinished"


def test_reproducers_are_written_by_who_collects_reports(tmp_path):
    (tmp_path / "findings").mkdir()
    report = handed_over("failed", record=record(comparisons=1))
    texts = {"0123456789.py": "print('β')\n", "0123456789.toml": "[[issue]]\n"}
    report.gradcert.append(("gradcert-finding-texts", texts))
    GateReport(HEADER, tmp_path).pytest_runtest_logreport(report)
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "findings").iterdir()} == texts


def test_a_run_of_other_tests_leaves_no_report(tmp_path):
    gate = GateReport(HEADER, tmp_path)
    gate.pytest_runtest_logreport(handed_over("failed"))
    assert not list(tmp_path.iterdir())


def test_it_is_counted_how_often_each_operation_was_drawn_and_judged(tmp_path):
    gate = GateReport(HEADER, tmp_path)
    gate.pytest_runtest_logreport(
        handed_over(record=record(comparisons=1, drawn={"exp": 3, "log": 1}, judged={"exp": 2}))
    )
    gate.pytest_runtest_logreport(
        handed_over(record=record("float32", comparisons=1, drawn={"exp": 1}, judged={"exp": 1}))
    )
    counts = json.loads(gate.finish().read_text())["operations"]
    assert set(counts) == set(OPERATIONS)
    assert counts["exp"] == {"cpu float64": {"drawn": 3, "judged": 2}, "cpu float32": {"drawn": 1, "judged": 1}}
    assert counts["log"]["cpu float64"] == {"drawn": 1, "judged": 0}
    assert gate.coverage() == f"operations judged, of {len(OPERATIONS)}: 1 in float64 on cpu, 1 in float32 on cpu"


def test_reports_name_the_processor(monkeypatch, tmp_path):
    capability = torch.backends.cpu.get_cpu_capability()
    model, comma, kernels = environment()["processor"].rpartition(", ")
    assert model
    assert (comma, kernels) == (", ", capability)
    cpuinfo = tmp_path / "cpuinfo"
    monkeypatch.setattr(processor, "CPUINFO", cpuinfo)
    monkeypatch.setattr(processor.platform, "system", lambda: "Linux")
    monkeypatch.setattr(processor.platform, "machine", lambda: "riscv64")
    assert processor.model() == "riscv64"
    cpuinfo.write_text("processor\t: 0\nBogoMIPS\t: 50.00\n")
    assert processor.model() == "riscv64"
    cpuinfo.write_text("processor\t: 0\nmodel\t\t: 6\nmodel name\t: Xeon: 2.7 GHz\n\nmodel name\t: another\n")
    assert processor.model() == "Xeon: 2.7 GHz"


def test_on_a_mac_the_system_names_the_processor(monkeypatch):
    def said(arguments, **options):
        assert arguments == ["sysctl", "-n", "machdep.cpu.brand_string"]
        return SimpleNamespace(stdout="Apple M2\n")

    monkeypatch.setattr(processor.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(processor.subprocess, "run", said)
    assert processor.model() == "Apple M2"


def loss(issue="one", device="cpu", dtype="float16", **changes):
    lost = Loss("conv1d", dtype, device, "output", 8192, 2048.0, 8192.0, 4.0, issue)
    return vars(replace(lost, **changes))


def test_what_sums_lose_has_a_row_for_each_issue_device_and_dtype(tmp_path):
    gate = GateReport(HEADER, tmp_path)
    assert gate.lost(80) == ""
    nothing = loss(operation="take", came=0.0, due=1e-7, factor=None)
    losses = [loss(), nothing, loss(operation="take"), loss("two", dtype="bfloat16", factor=1.0625)]
    gate.pytest_runtest_logreport(handed_over(record=record(comparisons=1, losses=losses)))
    first, second = (line.split() for line in gate.lost(80).splitlines()[-2:])
    assert first == ["float16", "cpu", "0", "1e-07", "∞", "one", "conv1d,", "take"]
    assert second == ["bfloat16", "cpu", "2,048", "8,192", "1.06", "two", "conv1d"]
    text = gate.write().read_text()
    assert "Infinity" not in text
    assert [each["factor"] for each in json.loads(text)["losses"]] == [4.0, None, 1.0625]


def test_the_table_of_losses_is_no_wider_than_that_of_verdicts_may_be(tmp_path):
    gate = GateReport(HEADER, tmp_path)
    device = "cpu/onednn=off,capability=default,threads=1"
    issue = "dilated-convolution-bias-gradient-summed-in-16-bits"
    names = ("advanced_indexing", "index_put_accumulate", "scatter_reduce_prod", "replicate_pad")
    losses = [loss(issue, device, "bfloat16", operation=name) for name in names]
    lost = Record("products", device, "bfloat16", comparisons=1, losses=losses)
    gate.pytest_runtest_logreport(handed_over(record=lost))
    text = gate.lost(80)
    assert max(map(len, text.splitlines())) <= 84 + len(f"bfloat16 on {device}")
    words = text.split()
    assert all(name in words or f"{name}," in words for name in names)
    assert {"dilated-convolution-bias-", "gradient-summed-in-16-bits"} <= set(words)
