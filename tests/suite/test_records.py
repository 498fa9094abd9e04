"""Records: the ratios that are read off a file of results, and what is said of a file that cannot be read."""

from __future__ import annotations

import json
import math

import pytest

from benchmarks.records import BrokenResults, growth_exponent, read, results
from benchmarks.store import name, text

SECONDS = {"primal": 2e-6, "forward": 4e-6, "backward": 6e-6, "total": 12e-6, "closed form": 1.5e-6}


def timed(what, seconds, *, workload="products-10", family="chains", size=100, nodes=11):
    """One pass as pytest-benchmark writes it."""
    info = {
        "workload": workload, "family": family, "says": "ten products", "size": size, "dtype": "float32",
        "device": "cpu", "timed": what, "first_seconds": 1e-3, "informative": 1.0, "nodes": nodes, "saved_bytes": 0,
        "dispatched": 10, "primal_bytes": 800, "backward_bytes": 1200,
    }  # fmt: skip
    stats = {"median": seconds, "q1": 0.9 * seconds, "q3": 1.2 * seconds, "min": 0.8 * seconds, "rounds": 9}
    return {"extra_info": info, "stats": stats | {"iterations": 100}}


def content(benchmarks):
    """A file's content."""
    device = {"name": "a processor", "bandwidth": 1e9, "node_seconds": 1e-7, "call_seconds": 1e-6}
    return {"gradcert": {"torch": "2.13.0", "devices": {"cpu": device}}, "benchmarks": benchmarks}


def test_ratios_of_a_record():
    (record,) = results(content([timed(name, seconds) for name, seconds in SECONDS.items()])).records
    assert record.name == "cpu-float32-products-10-100"
    assert record.backward_to_forward == pytest.approx(1.5)
    assert record.total_to_primal == pytest.approx(6)
    assert record.to_closed_form == pytest.approx(4)
    assert record.node_microseconds == pytest.approx(6 / 11)
    # 1,200 bytes in 6 µs are 0.2 GB/s, of 1 GB/s.
    assert record.bandwidth_share == pytest.approx(0.2)
    assert record.overhead == pytest.approx(1e-6 + 11e-7)
    # The fastest rounds: 9.6 µs against five times 1.6 µs and 2.1 µs of overhead.
    assert record.is_cheap
    assert record.timings["total"].rounds == 9


def test_what_costs_more_than_five_times_the_function_is_not_cheap():
    (record,) = results(content([timed(name, 2 * s if name == "total" else s) for name, s in SECONDS.items()])).records
    assert not record.is_cheap


def test_without_a_closed_form_there_is_no_ratio():
    passes = [timed(name, seconds) for name, seconds in SECONDS.items() if name != "closed form"]
    (record,) = results(content(passes)).records
    assert math.isnan(record.to_closed_form)


def test_a_case_of_which_a_pass_is_missing_is_left_out():
    assert results(content([timed("primal", 1e-6), timed("forward", 1e-6)])).records == ()


def test_growth_leaves_out_what_is_overhead():
    points = [(10**power, 1e-6 + 1e-9 * 10**power) for power in range(8)]
    exponent = growth_exponent(points)
    assert 0.9 < exponent < 1.05
    assert growth_exponent(points[:3]) is None
    assert growth_exponent([(10, 1.0), (100, 100.0), (1000, 1e4)]) == pytest.approx(2)


def test_growth_over_nodes_and_elements():
    passes = [
        timed(name, seconds * scale, workload=f"products-{nodes - 1}", nodes=nodes)
        for nodes, scale in ((11, 1), (101, 9), (1001, 90), (3001, 270))
        for name, seconds in SECONDS.items()
    ]
    found = results(content(passes))
    assert found.graph_growth[("products", "float32", "cpu", 100)] == pytest.approx(1, abs=0.05)
    assert found.growth == {}


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (None, "no such file; 'tox run -e bench' makes one"),
        ("{", "broken JSON"),
        ('{"benchmarks": []}', "not what 'tox run -e bench' writes (no 'gradcert')"),
        ("[]", "not what 'tox run -e bench' writes"),
    ],
)
def test_what_cannot_be_read_gets_one_line(written, words, tmp_path):
    path = tmp_path / "benchmarks.json"
    if written is not None:
        path.write_text(written)
    with pytest.raises(BrokenResults) as caught:
        read(path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_is_read_back(tmp_path):
    path = tmp_path / "benchmarks.json"
    path.write_text(json.dumps(content([timed(name, seconds) for name, seconds in SECONDS.items()])))
    assert len(read(path).records) == 1


def test_what_is_stored_is_read_back(tmp_path):
    found = results(content([timed(name, seconds) for name, seconds in SECONDS.items()]))
    path = tmp_path / "stored.json"
    path.write_text(text(found))
    again = read(path)
    # To four digits.
    assert text(again) == text(found)
    assert len(again.records) == len(found.records)
    assert again.provenance == found.provenance
    assert name(again) == "a-processor-torch-2.13.0"


def test_what_was_stored_and_is_broken_gets_one_line(tmp_path):
    path = tmp_path / "stored.json"
    path.write_text('{"gradcert": {}, "records": [{"workload": "exp"}]}')
    with pytest.raises(BrokenResults, match="not what 'tox run -e bench' writes"):
        read(path)
