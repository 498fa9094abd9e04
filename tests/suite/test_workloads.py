"""Workloads: every program can be judged, every closed form is the gradient, and what is counted is what is there."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from benchmarks import passes
from benchmarks.machine import provenance
from benchmarks.passes import PASSES, Case, Prepared, WrongGradient
from benchmarks.structure import structure
from benchmarks.workloads import WORKLOADS
from benchmarks.workloads.workload import LANDMARKS, QUICK, SIZES
from oracle import route
from oracle.arithmetic import DeviceArithmetic
from oracle.functions import QUAD
from oracle.route import cotangents, leaves, tensor, torch_function
from oracle.target import VARIABLES
from oracle.verdict import enclosed
from tests.suite.faults import FAULTS
from tests.suite.faults.planting import planted
from tests.suite.processes import python

CLOSED_FORMS = [name for name, workload in WORKLOADS.items() if workload.closed_form]


def smallest(workload, least=1):
    """The workload's smallest number of elements from ``least`` on."""
    return next((size for size in workload.sizes if size >= least), workload.sizes[-1])


def test_workloads_of_every_family_are_there():
    families = {workload.family for workload in WORKLOADS.values()}
    assert families == {
        "notebook", "polynomials", "chains", "elementwise", "broadcasting", "layouts", "reductions", "products",
        "corpus",
    }  # fmt: skip
    assert len(WORKLOADS) == 99
    assert sum(workload.family == "corpus" for workload in WORKLOADS.values()) == 24


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_workload_is_right_in_every_dtype(name):
    workload = WORKLOADS[name]
    for dtype in workload.dtypes:
        ready = Prepared(Case(workload, smallest(workload), dtype, "cpu"))
        assert ready.program.dtype == dtype
        assert set(ready.works) == set(PASSES if workload.closed_form else PASSES[:-1])
        assert all(seconds > 0 for seconds in ready.first.values())


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_closed_forms_are_the_gradient(name):
    """In float64 they lie within what float32 may be off by, wherever that tells anything."""
    workload = WORKLOADS[name]
    program = workload.write(smallest(workload, 100), "float32")
    inputs = [tensor(each.tensor, "cpu").double() for each in program.inputs]
    (given,) = cotangents(program, "cpu")
    found = workload.closed_form(inputs, None if given is None else given.double())
    assert len(found) == len(program.differentiated)
    truths = enclosed(program).gradients
    for index, gradient in zip(program.differentiated, found, strict=True):
        due = truths[index]
        assert gradient.shape == program.inputs[index].tensor.shape
        error = np.abs(gradient.numpy().astype(QUAD) - due.midpoint).astype(np.float64)
        assert (error <= due.radius).all()
        assert np.isfinite(due.radius).all()
        assert (due.radius <= 0.1 * np.abs(due.midpoint).max().astype(np.float64)).mean() > 0.9


def test_the_corpus_is_what_was_drawn():
    corpus = [workload for workload in WORKLOADS.values() if workload.family == "corpus"]
    programs = [workload.write(workload.sizes[0], workload.dtypes[0]) for workload in corpus]
    assert {program.dtype for program in programs} == {"float64", "float32", "bfloat16"}
    assert all(3 <= len(program.applications) <= 8 for program in programs)
    operations = {each.operation for program in programs for each in program.applications}
    assert len(operations) > 50


def counted(name, size, dtype="float64"):
    program = WORKLOADS[name].write(size, dtype)
    return structure(torch_function(program, "cpu"), leaves(program, "cpu"), cotangents(program, "cpu"))


def test_counts_of_a_chain():
    counts = counted("sines-10", 1000)
    # Ten sines and the leaf; each saves its operand.
    assert counts.nodes == 11
    assert counts.saved_bytes == 10 * 8000
    # cos and mul.
    assert counts.dispatched >= 20
    assert counts.primal_bytes == 2 * 8000
    assert counts.backward_bytes == (1 + 10 + 1) * 8000


def test_counts_of_what_saves_nothing():
    counts = counted("products-30", 1000, "float32")
    assert (counts.nodes, counts.saved_bytes, counts.dispatched) == (31, 0, 30)
    assert counts.backward_bytes == 2 * 4000


def test_bytes_of_expanded_elements_count_once():
    assert counted("sin-expanded", 10**4).primal_bytes == 8 * (100 + 10**4)
    assert counted("sin-transposed", 10**4).primal_bytes == 8 * 2 * 10**4


def test_bytes_of_what_broadcasts():
    counts = counted("mul-row", 10**4)
    assert counts.primal_bytes == 8 * (2 * 10**4 + 100)
    # The cotangent, both operands, and both gradients.
    assert counts.backward_bytes == 8 * 2 * (10**4 + 100) + 8 * 10**4


@pytest.fixture(scope="module")
def timed(pytestconfig, tmp_path_factory):
    """A run of a few benchmarks, and what it wrote."""
    folder = tmp_path_factory.mktemp("timed")
    run = benchmarks(pytestconfig, folder, "--workload", "notebook-mean", "--dtype", "float32")
    assert run.returncode == 0, run.stdout + run.stderr
    return run, json.loads((folder / "benchmarks.json").read_text())


def benchmarks(pytestconfig, folder, *arguments, planting=()):
    """Run the benchmarks in a process of their own."""
    return python(
        "-m", "pytest", *planting, "benchmarks/backward", "--device", "cpu", f"--reports={folder}", *arguments,
        folder=pytestconfig.rootpath,
    )  # fmt: skip


def test_benchmarks_write_every_pass_with_its_counts(timed):
    content = timed[1]
    passes = {(each["extra_info"]["size"], each["extra_info"]["timed"]) for each in content["benchmarks"]}
    assert passes == {(size, name) for size in (1, 1000, 100000) for name in PASSES}
    for each in content["benchmarks"]:
        assert each["stats"]["min"] > 0
        assert each["stats"]["rounds"] >= 9
        assert each["extra_info"]["nodes"] == 6
    about = content["gradcert"]
    assert about["torch"] == torch.__version__
    assert about["threads"] == 1
    assert 1e8 < about["devices"]["cpu"]["bandwidth"] < 1e13
    assert 1e-8 < about["devices"]["cpu"]["node_seconds"] < 1e-2
    assert math.isfinite(about["devices"]["cpu"]["call_seconds"])


def test_limits_on_kernels_are_noted(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert provenance([])["limits"] == {}
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    assert provenance([])["limits"] == {"ONEDNN_MAX_CPU_ISA": "SSE41"}


def test_what_has_a_wrong_gradient_is_not_timed(pytestconfig, tmp_path):
    planting = ("-p", "tests.suite.faults.plugin", "--fault", "sine-off-by-1e-9")
    arguments = ("--workload", "sin,neg", "--dtype", "float64")
    run = benchmarks(pytestconfig, tmp_path, *arguments, planting=planting)
    assert run.returncode == pytest.ExitCode.TESTS_FAILED
    assert "not timed, as the gradient is wrong" in run.stdout
    timed = {
        each["extra_info"]["workload"] for each in json.loads((tmp_path / "benchmarks.json").read_text())["benchmarks"]
    }
    assert timed == {"neg"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--workload", "nothing"), "--workload nothing: no workload and no family"),
        (("--threads", "none"), "--threads none: give a whole number of at least 1"),
        (("--device", "cuda:9"), "--device cuda:9: not usable"),
        (("--device", "cpu/onednn=off"), "--device cpu/onednn=off: code paths are judged and not timed"),
        (("--dtype", "float8"), "--dtype float8: unknown"),
    ],
)
def test_bad_options_get_one_line_and_leave_no_report(arguments, words, pytestconfig, tmp_path):
    run = benchmarks(pytestconfig, tmp_path, *arguments)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert words in run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    assert not list(tmp_path.glob("*.json*"))


def test_a_wrong_gradient_is_refused_in_the_same_process():
    with planted(FAULTS["sine-off-by-1e-9"]), pytest.raises(AssertionError, match="not timed"):
        Prepared(Case(WORKLOADS["sin"], 10, "float64", "cpu"))


@pytest.mark.parametrize("flushes", [False, True])
def test_gradients_are_judged_by_the_arithmetic_of_the_device(flushes, monkeypatch):
    asked = []

    def recorded(program, arithmetic, target):
        asked.append(arithmetic.flushes_subnormals)
        return enclosed(program, arithmetic, target)

    monkeypatch.setattr(passes, "enclosed", recorded)
    monkeypatch.setattr(passes, "device_arithmetic", lambda device, dtype: DeviceArithmetic(True, flushes))
    Prepared(Case(WORKLOADS["sin"], 10, "float64", "cpu"))
    assert asked == [flushes]


def refusing(*_, **__):
    raise RuntimeError("not today")


@pytest.mark.parametrize(
    ("place", "name", "when"),
    [(torch.autograd, "grad", "PyTorch was asked"), (route, "to_numpy", "its answer was read")],
)
def test_an_exception_is_a_wrong_gradient(place, name, when, monkeypatch):
    monkeypatch.setattr(place, name, refusing)
    with pytest.raises(WrongGradient, match=f"raised while {when}\n    came   RuntimeError: not today"):
        Prepared(Case(WORKLOADS["sin"], 10, "float64", "cpu"))


def test_every_size_of_the_landmarks_is_timed_by_default():
    assert set(LANDMARKS) <= set(WORKLOADS)
    assert WORKLOADS["exp"].default_sizes("float32") == SIZES
    assert WORKLOADS["exp"].default_sizes("float64") == QUICK["float64"]
    assert WORKLOADS["sin"].default_sizes("float32") == QUICK["float32"]
    # The largest, where none of the usual ones makes sense.
    assert WORKLOADS["matmul"].default_sizes("bfloat16") == WORKLOADS["matmul"].all_sizes[-1:]
