"""Stored programs that are judged again: under the facts that hold there, and by what was expected of them before."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from oracle.arithmetic import USUAL, Accumulation
from oracle.measured_arithmetic import device_arithmetic
from oracle.operations import OPERATIONS
from oracle.program import Input, ProgramBuilder, Value
from oracle.target import CPU
from oracle.tensor import Layout, TensorSpec
from oracle.verdict import Truth, Truths, enclosed
from tests.gate import expected
from tests.gate.expected import touches, widening_facts
from tests.gate.judge import Judge
from tests.gate.record import Record
from tests.gate.wrong_answer import WrongAnswer
from tests.suite.examples import broadcast_product, contiguous, notebook_polynomial
from tests.suite.processes import python
from tests.suite.stored import FLUSHING, HERE, new_store, put, same

PROPERTIES = (
    "tests/properties/test_broadcasting.py",
    "tests/properties/test_notebook.py",
    "tests/properties/test_operations.py",
)


@pytest.fixture
def store(tmp_path):
    with new_store(tmp_path) as made:
        yield made


@pytest.fixture
def computed(monkeypatch):
    """The programs that are enclosed, in order."""
    programs = []

    def enclosing(program, arithmetic, target):
        programs.append(program)
        return enclosed(program, arithmetic, target)

    monkeypatch.setitem(expected.TIERS, "enclosure", enclosing)
    return programs


def replaying(store, arithmetic, target="cpu", dtype="float64"):
    """A judge that replays ``store`` as if ``arithmetic`` were what was measured."""
    judge = Judge(Record("test", target, dtype), replayed=store)
    judge.arithmetic = judge.expected.arithmetic = arithmetic
    return judge


def replayed(store, arithmetic=HERE):
    """The record of such a judge, once it has judged."""
    judge = replaying(store, arithmetic)
    judge.over(None, Judge.enclosed, 1)
    return judge.record


def test_what_is_stored_is_not_computed_again(store, computed):
    put(store, broadcast_product(), enclosure=enclosed(broadcast_product()))
    record = replayed(store)
    assert (record.examples, record.elements, record.comparisons, record.found_after) == (1, 9, 15, None)
    assert computed == []


def test_where_a_fact_held_then_and_does_not_here_what_it_touches_is_enclosed_anew(store, computed):
    wide = enclosed(broadcast_product(), FLUSHING)
    put(store, broadcast_product(), FLUSHING, enclosure=wide)
    put(store, notebook_polynomial(), FLUSHING, enclosure=wide)
    replayed(store)
    assert computed == [broadcast_product(), notebook_polynomial()]


def test_a_fact_about_powers_touches_programs_with_powers(store, computed):
    facts = replace(HERE, powers_are_exact=False)
    put(store, broadcast_product(), facts, enclosure=enclosed(broadcast_product()))
    put(store, notebook_polynomial(), facts, enclosure=enclosed(notebook_polynomial()))
    replayed(store)
    assert computed == [notebook_polynomial()]


def test_where_a_fact_holds_here_only_what_is_not_right_is_enclosed_anew(store, computed):
    right = enclosed(broadcast_product())
    # An answer elsewhere, so that what came here is not within the stored radii.
    moved = Truths("enclosure", tuple(Truth(each.midpoint + 1, each.radius) for each in right.outputs), right.gradients)
    put(store, broadcast_product(), enclosure=right)
    put(store, notebook_polynomial(), enclosure=enclosed(notebook_polynomial()))
    put(store, broadcast_product(), enclosure=moved)
    record = replayed(store, FLUSHING)
    assert computed == [broadcast_product()]
    # Counted once each, although one was judged twice.
    assert (record.examples, record.elements, record.found_after) == (3, 9 + 1 + 9, None)


def test_what_is_judged_twice_lists_its_losses_once(store):
    put(store, broadcast_product(), enclosure=enclosed(broadcast_product()))
    times = []

    def check(judge, program):
        judge.record.losses.append("one")
        times.append(program)
        if len(times) == 1:
            raise WrongAnswer(None, None)

    judge = replaying(store, FLUSHING)
    judge.over(None, check, 1)
    assert (len(times), judge.record.losses) == (2, ["one"])


def test_programs_that_are_listed_are_kept_and_replayed_too(store, computed):
    drawing = Judge(Record("test", "cpu", "float64"), store=store)
    drawing.each(lambda: [notebook_polynomial(), broadcast_product()], Judge.enclosed, about="listed")
    assert computed == [notebook_polynomial(), broadcast_product()]
    again = Judge(Record("test", "cpu", "float64"), replayed=store)
    again.each(None, Judge.enclosed, about="listed")
    assert (again.record.examples, len(computed)) == (2, 2)


def test_what_is_not_right_under_the_facts_of_both_is_wrong(store, computed):
    right = enclosed(broadcast_product())
    moved = Truths("enclosure", tuple(Truth(each.midpoint + 1, each.radius) for each in right.outputs), right.gradients)
    put(store, broadcast_product(), enclosure=moved)
    judge = Judge(Record("test", "cpu", "float64"), replayed=store)
    with pytest.raises(WrongAnswer):
        judge.over(None, Judge.enclosed, 1)
    assert computed == []
    assert judge.record.found_after == 1


def test_what_known_issues_leave_out_at_one_target_alone_is_enclosed_anew(store, computed):
    builder = ProgramBuilder([Input(TensorSpec((2,), Layout.contiguous(1), "bfloat16", (2.0**127, 1.0)))])
    builder.apply("gelu", Value(0))
    program = builder.program(TensorSpec((2,), Layout.contiguous(1), "bfloat16", (1.0, 1.0)))
    arithmetic = device_arithmetic(CPU, "bfloat16")
    at_base = enclosed(program, arithmetic, CPU)
    assert np.isinf(at_base.outputs[0].radius[0])
    store.put_facts("bfloat16", arithmetic.to_json())
    store.put("test", "bfloat16", "", program, {"enclosure": at_base})
    for target, anew in (("cpu", []), ("cpu/threads=1", []), ("cpu/onednn=off", [program])):
        judge = replaying(store, arithmetic, target, "bfloat16")
        judge.over(None, Judge.enclosed, 1)
        assert computed == anew


def test_facts_that_make_radii_wider_and_what_they_touch():
    plain = replace(USUAL, kept_in_dtype=frozenset())
    assert widening_facts(plain) == frozenset()
    several = replace(plain, powers_are_exact=False, flushes_subnormals=True, composite=frozenset({"silu"}))
    assert widening_facts(several) == {"powers_are_inexact", "flushes_subnormals", "silu"}
    kept = replace(plain, kept_in_dtype=frozenset({Accumulation.WINDOWS}), product_roundoff=2.0**-8)
    assert widening_facts(kept) == {"WINDOWS", "factors rounded to 0.00390625"}
    assert touches("powers_are_inexact", notebook_polynomial())
    assert not touches("powers_are_inexact", broadcast_product())
    assert touches("flushes_subnormals", broadcast_product())
    assert touches("a fact that nobody has thought of", broadcast_product())


def subnormal_product():
    """X times 2 for a subnormal number of float32, and for 1."""
    builder = ProgramBuilder([Input(contiguous((2.0**-130, 1.0), (2,), "float32"))])
    builder.apply("mul", Value(0), 2.0)
    return builder.program(contiguous((1.0, 1.0), (2,), "float32"))


def test_a_flushing_target_is_judged_by_what_is_computed_without_flushing(store):
    usual = device_arithmetic(CPU, "float32")
    store.put_facts("float32", usual.to_json())
    stored = enclosed(subnormal_product(), usual)
    store.put("test", "float32", "", subnormal_product(), {"enclosure": stored})
    seen = []

    def check(judge, program):
        seen.append(judge.expected.of(program, "enclosure"))
        return judge.enclosed(program)

    judge = Judge(Record("test", "cpu/flush=on", "float32"), replayed=store)
    judge.over(None, check, 1)
    assert judge.arithmetic.flushes_subnormals
    assert judge.record.examples == 1
    first, second = seen
    assert same(first, stored)
    assert same(second, enclosed(subnormal_product(), judge.arithmetic))
    # Without the fact what came is wrong: the asking did flush.
    with pytest.raises(WrongAnswer):
        replaying(store, usual, "cpu/flush=on", "float32").over(None, Judge.enclosed, 1)


def gate(pytestconfig, folder, *arguments):
    return python("-m", "pytest", *arguments, f"--reports={folder}", folder=pytestconfig.rootpath)


@pytest.fixture(scope="module")
def drawn(pytestconfig, tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    run = gate(
        pytestconfig, folder, *PROPERTIES, "tests/properties/test_known_issues.py", "-m", "not unreplayed",
        "-k", "known or broadcasting or notebook or test_operations[sin- or test_operations[conv2d-",
        "--device", "cpu", "--dtype", "float32", "--max-examples", "20", "--hypothesis-seed", "5", "-n", "2",
        f"--store={folder / 'programs.db'}",
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def counts(folder):
    report = json.loads((folder / "gate.json").read_text())
    names = ("property", "examples", "comparisons", "elements", "informative", "worst", "outcome")
    return report, sorted(tuple(each[name] for name in names) for each in report["properties"])


@pytest.mark.parametrize(("target", "processes"), [("cpu", "0"), ("cpu/onednn=off,threads=1", "2")])
def test_a_replay_has_the_same_counts_and_draws_nothing(target, processes, drawn, pytestconfig, tmp_path):
    run = gate(
        pytestconfig, tmp_path, *PROPERTIES, "tests/properties/test_known_issues.py", "--device", target,
        f"--replay={drawn / 'programs.db'}", "-n", processes,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    report, replayed_counts = counts(tmp_path)
    assert replayed_counts == counts(drawn)[1]
    assert report["replayed"]["programs"] == 40 + 2 * 5
    assert report["seed"] == "5"
    # Nothing of the other operations is stored.
    assert f"{5 + 2} passed, {len(OPERATIONS) - 2} skipped" in run.stdout
    (operations,) = [each for each in report["properties"] if each["property"] == "operations"]
    assert (operations["items"], operations["examples"]) == (len(OPERATIONS), 2 * 5)
    assert "replays 50 programs, drawn on cpu by torch" in run.stdout
    assert "finite differences, the sweep and known issues are left out" in run.stdout
    assert "left out: no programs are stored in float16" in run.stdout
    assert report["facts"][f"{target} float32"]["powers_are_exact"]


def test_bad_stores_get_one_plain_line(drawn, pytestconfig, tmp_path):
    file = tmp_path / "file"
    cases = [
        ((f"--replay={file}",), "no such file"),
        ((f"--store={drawn / 'programs.db'}", "--device=cpu"), "is there already"),
        ((f"--store={file}", f"--replay={drawn / 'programs.db'}"), "choose one of them"),
        ((f"--replay={drawn / 'programs.db'}", "--operations=add"), "--operations and --replay"),
        ((f"--store={file}", "--device=cpu,cpu/onednn=off"), "a store is drawn at one target"),
        ((f"--replay={drawn / 'programs.db'}", "--dtype=float16"), "has no programs in float16; it has float32"),
    ]
    for options, words in cases:
        run = gate(pytestconfig, tmp_path / "reports", *PROPERTIES, *options)
        assert run.returncode == pytest.ExitCode.USAGE_ERROR, options
        (line,) = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
        assert line.startswith("ERROR: ")
        assert words in line
