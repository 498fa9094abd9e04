"""Comparisons of two interpreters: the rule, its controls, what is refused, and the exit status."""

from __future__ import annotations

import base64
import json
import random
import sys

import numpy as np
import pytest
import torch

from benchmarks.comparison import measurement
from benchmarks.comparison.__main__ import FAILED, PASSED, TOO_NOISY, verdict
from benchmarks.comparison.interpreter import Interpreter, NoGradients, Unusable
from benchmarks.comparison.measurement import GATED, Controls, Graphs, Row, controls, rows, written
from benchmarks.comparison.rule import MEASUREMENTS, PAIRS, Comparison, compared, said
from benchmarks.comparison.worker import Worker
from benchmarks.machine import fingerprint
from benchmarks.passes import WrongGradient
from oracle.measured_arithmetic import device_arithmetic
from oracle.reproducer import definitions
from oracle.route import by_grad
from oracle.target import CPU
from oracle.verdict import enclosed
from tests.suite.processes import python
from tests.suite.test_records import SECONDS, content, timed


def noisy(ratio, seed, *, spikes=0.2):
    """What takes pairs on a machine where some rounds take up to three times as long."""
    generator = random.Random(seed)

    def seconds(true):
        spike = generator.uniform(1, 3) if generator.random() < spikes else 1
        return true * spike * generator.uniform(1, 1.03)

    return lambda count: [(seconds(1e-3), seconds(ratio * 1e-3)) for _ in range(count)]


def test_equal_sides_are_never_slower():
    verdicts = [compared(noisy(1, seed)).verdict for seed in range(1000)]
    assert "slower" not in verdicts
    assert "faster" not in verdicts
    assert verdicts.count("same") > 800


@pytest.mark.parametrize(
    ("ratio", "due", "least"), [(1.5, "slower", 195), (1.25, "slower", 190), (1 / 1.5, "faster", 170)]
)
def test_what_differs_is_found(ratio, due, least):
    verdicts = [compared(noisy(ratio, seed, spikes=0.1)).verdict for seed in range(200)]
    assert verdicts.count(due) >= least
    assert set(verdicts) <= {due, "unclear"}


@pytest.mark.parametrize(
    ("ratios", "due"),
    [
        ([1.0], "same"),
        ([1.5, 1.0], "same"),
        ([1.5, 1.5], "slower"),
        ([0.5, 0.5], "faster"),
        ([1.5, 0.5, 1.5, 0.5, 1.5], "unclear"),
        # What is unclear is measured again, and the difference that follows confirmed.
        ([None, 1.5, 1.5], "slower"),
        ([1.5, None, 1.5, 1.5], "slower"),
        ([1.5, None, 1.5, None, 1.5], "unclear"),
        ([None] * MEASUREMENTS, "unclear"),
    ],
)
def test_a_difference_stands_once_it_is_confirmed(ratios, due):
    left = list(ratios)

    def take(count):
        ratio = left.pop(0)
        return [(1.0, ratio)] * count if ratio else [(1.0, 1.0), *[(1.0, 1.5)] * (count - 1)]

    found = compared(take)
    assert found.verdict == due
    assert not left
    assert found.pairs == PAIRS * (2 * len(ratios) - 1)


def test_one_estimator_is_not_enough():
    # The fastest rounds are equal; most others are slower.
    assert said([(1.0, 1.0), *[(1.0, 1.5)] * 14]).verdict == "unclear"
    # Only half of the pairs are slower.
    assert said([(1.0, 1.3), (1.4, 1.3)] * 8).verdict == "unclear"


def row(name="exp", **changes):
    times = Comparison("same", 1.0, 1.0, 0.5, 1e-6, 1e-6, PAIRS)
    return Row(name, 10, "float32", "backward", **({"comparison": times} | changes))


def timing(said):
    return Comparison(said, 1.3, 1.3, 1.0, 1e-6, 1.3e-6, PAIRS)


HOLD = Controls(timing("same"), timing("slower"))


@pytest.mark.parametrize(
    ("control", "found", "status", "words"),
    [
        (HOLD, [row()], PASSED, "nothing is slower"),
        (HOLD, [row(comparison=timing("faster"))], PASSED, "nothing is slower"),
        (HOLD, [row(), row(comparison=timing("slower"))], FAILED, "slower: exp (backward)"),
        (HOLD, [row(graphs=Graphs(heavier=(("nodes", 3, 4),)))], FAILED, "heavier graph: exp"),
        (HOLD, [row(graphs=Graphs(lighter=(("nodes", 4, 3),)))], PASSED, "nothing is slower"),
        (HOLD, [row(comparison=None, wrong="too large")], FAILED, "wrong gradient: exp"),
        (HOLD, [row(comparison=timing("unclear")), row(), row()], TOO_NOISY, "1 of 3 times are unclear"),
        (Controls(timing("slower"), timing("slower")), [row()], TOO_NOISY, "a control failed"),
        (Controls(timing("same"), timing("unclear")), [row()], TOO_NOISY, "a control failed"),
    ],
)
def test_the_exit_status_says_what_was_found(control, found, status, words):
    came, line = verdict(control, found)
    assert came == status
    assert words in line


def test_a_worker_gives_the_gradients_and_counts_of_its_program():
    program = written("softmax-inner", 100, "float32")
    worker = Worker()
    answer = worker.prepare("program", definitions(program), "cpu")
    with Interpreter(sys.executable) as other:
        counts, (gradient,) = other.prepare("program", definitions(program), "cpu")
        assert counts == answer["counts"]
        assert other.calibrate("program", "backward", 0.001) >= 1
        assert other.time("program", "backward", 3) > 0
    due = by_grad(program, "cpu").gradients[0].double().numpy()
    assert np.array_equal(gradient.reshape(due.shape), due)


def test_a_worker_does_without_numpy(monkeypatch):
    def absent(tensor):
        raise RuntimeError("Numpy is not available")

    monkeypatch.setattr(torch.Tensor, "numpy", absent)
    answer = Worker().prepare("program", definitions(written("exp", 10, "bfloat16")), "cpu")
    assert answer["counts"]["nodes"] == 2
    assert len(base64.b64decode(answer["gradients"][0])) == 80


REFUSING = "import torch\n\ndef inputs():\n    raise RuntimeError('not today')\n\nprogram = cotangents = inputs\n"


def test_what_a_torch_raises_is_a_wrong_gradient(monkeypatch):
    with Interpreter(sys.executable) as base, Interpreter(sys.executable) as head:
        with pytest.raises(NoGradients, match="its torch raised RuntimeError: not today"):
            head.prepare("program", REFUSING, "cpu")
        ask = head.prepare
        monkeypatch.setattr(head, "prepare", lambda name, source, device: ask(name, REFUSING, device))
        (found,) = rows(base, head, "cpu", GATED[:1])
        assert "An exception instead of an answer, float32 on cpu, asked by autograd.grad" in found.wrong
        with pytest.raises(WrongGradient, match="base's gradient of notebook-chain is wrong"):
            list(rows(head, base, "cpu", GATED[:1]))


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16", "float16"])
def test_a_worker_measures_what_the_gate_measures(dtype):
    due = device_arithmetic(CPU, dtype).flushes_subnormals
    with Interpreter(sys.executable) as other:
        assert other.flushes_subnormals(dtype, "cpu") == due
    assert torch.set_flush_denormal(True)
    try:
        assert Worker().flushes_subnormals("float32", "cpu")
    finally:
        torch.set_flush_denormal(False)


def test_each_interpreter_is_judged_by_its_own_arithmetic(monkeypatch):
    asked = []

    def recorded(program, arithmetic, target):
        asked.append(arithmetic.flushes_subnormals)
        return enclosed(program, arithmetic, target)

    monkeypatch.setattr(measurement, "enclosed", recorded)
    with Interpreter(sys.executable) as base, Interpreter(sys.executable) as head:
        monkeypatch.setattr(head, "flushes_subnormals", lambda dtype, device: True)
        next(rows(base, head, "cpu", GATED[:1]))
        assert sorted(asked) == [False, True]
        asked.clear()
        next(rows(base, base, "cpu", GATED[:1]))
        assert asked == [False]


def test_a_worker_says_when_torch_raised(monkeypatch):
    source = definitions(written("exp", 10, "float32"))
    assert Worker().prepare("program", REFUSING, "cpu") == {"error": "RuntimeError: not today", "moment": "asked"}
    monkeypatch.setattr(torch.Tensor, "tolist", lambda tensor: 1 // 0)
    assert Worker().prepare("program", source, "cpu")["moment"] == "read"


def test_controls_and_rows_of_one_interpreter_with_itself():
    with Interpreter(sys.executable) as base, Interpreter(sys.executable) as other:
        control = controls(base, other, "cpu")
        assert control.alike.verdict != "slower"
        assert 1.2 < control.injected.fastest < 1.8
        found = list(rows(base, other, "cpu", GATED[:2]))
    assert [each.timed for each in found] == ["forward", "backward"] * 2
    assert not any(each.graphs.heavier or each.graphs.lighter or each.wrong for each in found)
    assert all(each.comparison.verdict != "slower" for each in found)


@pytest.fixture(scope="module")
def without_torch(tmp_path_factory):
    """A Python that has no torch."""
    folder = tmp_path_factory.mktemp("bare") / "environment"
    assert python("-m", "venv", "--without-pip", folder, folder=folder.parent).returncode == 0
    return str(folder / "bin" / "python")


def test_interpreters_that_cannot_be_used_get_one_line(without_torch, tmp_path):
    with pytest.raises(Unusable, match="nowhere/python: no such program"):
        Interpreter("nowhere/python")
    with pytest.raises(Unusable, match="has no torch"):
        Interpreter(without_torch)


def compare(pytestconfig, folder, *arguments):
    """Run the command."""
    return python("-m", "benchmarks.comparison", "--reports", folder, *arguments, folder=pytestconfig.rootpath)


def stored(folder, machine):
    """Stored results of one gated workload on ``machine``."""
    passes = [timed(name, s, workload="exp", family="elementwise", nodes=2) for name, s in SECONDS.items()]
    file = content(passes)
    file["gradcert"]["machine"] = machine
    path = folder / "stored.json"
    path.write_text(json.dumps(file))
    return path


def test_results_of_another_machine_are_refused(pytestconfig, tmp_path):
    path = stored(tmp_path, fingerprint() | {"cores": 128})
    run = compare(pytestconfig, tmp_path, "--base", path)
    assert run.returncode == 2
    assert "measured on another machine (cores: 128, here" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "comparison.json").exists()


def test_results_of_this_machine_are_compared_by_their_counts(pytestconfig, tmp_path):
    path = stored(tmp_path, fingerprint())
    run = compare(pytestconfig, tmp_path, "--base", path)
    # The stored graph saved nothing, and that of exp does.
    assert run.returncode == FAILED, run.stderr
    assert "FAILED: heavier graph: exp" in run.stdout
    assert "saved_bytes 0 → 400" in run.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--base", "nowhere/python"), "nowhere/python: no such program"),
        (("--base", "missing.json"), "missing.json: no such file"),
        (("--base", sys.executable, "--trials", "0"), "0: give a whole number of at least 1"),
        (("--base", sys.executable, "--device", "nodevice"), "nodevice"),
    ],
)
def test_bad_input_gets_one_line(arguments, words, pytestconfig, tmp_path):
    run = compare(pytestconfig, tmp_path, *arguments)
    assert run.returncode == 2
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert not list(tmp_path.glob("*"))
