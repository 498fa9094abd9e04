"""Stored programs: what is kept comes back, and what is judged again is judged under the facts that hold there."""

from __future__ import annotations

import json
import sqlite3

import numpy as np
import pytest

from oracle.device import device_arithmetic
from oracle.functions import QUAD
from oracle.program import Input, ProgramBuilder, Value
from oracle.target import CPU
from oracle.verdict import Truth, Truths, enclosed
from tests.gate import expected
from tests.gate.expected import facts_of, touches, widening_facts
from tests.gate.judge import Judge
from tests.gate.record import Record
from tests.gate.store import NoStore, Store
from tests.gate.wrong_answer import WrongAnswer
from tests.suite.examples import broadcast_product, contiguous, notebook_polynomial
from tests.suite.processes import python

PROPERTIES = ("tests/properties/test_broadcasting.py", "tests/properties/test_notebook.py")


def same(one, other):
    """Whether two truths are the same in every bit."""
    mine, yours = ((*each.outputs, *each.gradients.values()) for each in (one, other))
    return (one.tier, list(one.gradients)) == (other.tier, list(other.gradients)) and all(
        a.midpoint.tobytes() == b.midpoint.tobytes() and a.radius.tobytes() == b.radius.tobytes()
        for a, b in zip(mine, yours, strict=True)
    )


@pytest.fixture
def store(tmp_path):
    made = Store.create(tmp_path / "programs.db", {"seed": "7"})
    yield made
    made.close()


def put(store, program, facts=None, **known):
    store.put_facts("float64", facts or facts_of(device_arithmetic(CPU, "float64")))
    store.put("test", "float64", "", program, known)


def test_what_is_put_comes_back(store):
    truths = enclosed(broadcast_product())
    put(store, broadcast_product(), enclosure=truths, exact=None)
    put(store, notebook_polynomial(), enclosure=enclosed(notebook_polynomial()))
    (one, known), (other, _) = store.programs("test", "float64", "")
    assert (one, other) == (broadcast_product(), notebook_polynomial())
    assert known.keys() == {"enclosure", "exact"}
    assert known["exact"] is None
    assert same(known["enclosure"], truths)
    assert store.dtypes() == ["float64"]
    assert len(store) == 2
    assert store.about["seed"] == "7"
    for name, dtype, about in (("other", "float64", ""), ("test", "float32", ""), ("test", "float64", "mul")):
        assert not list(store.programs(name, dtype, about))


def test_midpoints_keep_106_bits_and_what_is_infinite_stays_so(store):
    third = np.array(1.0).astype(QUAD) / 3
    outside = np.array([np.inf, -np.inf, 1.0, 0.0]).astype(QUAD)
    outside[2] = outside[2] * 2.0**1000 * 2.0**1000
    radii = np.array([np.inf, np.inf, np.inf, 0.0])
    put(store, broadcast_product(), enclosure=Truths("t", (Truth(third, np.array(0.5)),), {3: Truth(outside, radii)}))
    ((_, known),) = store.programs("test", "float64", "")
    (came,) = known["enclosure"].outputs
    assert came.midpoint.shape == ()
    assert float(abs(came.midpoint - third) * 2.0**107) < 1
    assert float((came.midpoint - came.midpoint.astype(float)).astype(float)) != 0
    assert known["enclosure"].gradients[3].midpoint.astype(float).tolist() == [np.inf, -np.inf, np.inf, 0.0]
    assert known["enclosure"].gradients[3].radius.tolist() == radii.tolist()


def test_several_processes_may_add_and_one_that_is_killed_spoils_nothing(store, pytestconfig, tmp_path):
    source = (
        "import os, sys; from pathlib import Path; from tests.gate.store import Store;"
        "from tests.suite.examples import broadcast_product as program; store = Store(Path(sys.argv[1]));"
        "[store.put('test', 'float64', '', program(), {}) for _ in range(20)];"
        "store._database.execute('BEGIN IMMEDIATE');"
        "store._database.execute(\"INSERT INTO programs VALUES (NULL, 'test', 'float64', '', 'half')\");"
        "os.kill(os.getpid(), 9)"
    )
    killed = python("-c", source, tmp_path / "programs.db", folder=pytestconfig.rootpath)
    assert killed.returncode == -9, killed.stderr
    put(store, broadcast_product())
    assert [program for program, _ in store.programs("test", "float64", "")] == [broadcast_product()] * 21


def broken(path):
    path.write_text("no store")


def of_another_suite(path):
    Store.create(path, {}).close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE about SET value = '\"older\"' WHERE key = 'suite'")


def of_something_else(path):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE about (key TEXT, value TEXT)")


def absent(path):
    pass


BAD = {
    broken: "is no store (file is not a database)",
    of_another_suite: "is from another version of this suite",
    of_something_else: "is from another version of this suite",
    absent: "no such file",
}


@pytest.mark.parametrize("make", BAD)
def test_a_file_that_is_no_store_is_refused(make, tmp_path):
    make(tmp_path / "file")
    with pytest.raises(NoStore) as refused:
        Store(tmp_path / "file")
    assert BAD[make] in str(refused.value)


def test_a_store_is_not_written_over(store, tmp_path):
    with pytest.raises(NoStore, match="is there already"):
        Store.create(tmp_path / "programs.db", {})
    with pytest.raises(NoStore, match="cannot be made"):
        Store.create(tmp_path / "nowhere" / "programs.db", {})


@pytest.fixture
def computed(monkeypatch):
    """The programs that are enclosed, in order."""
    programs = []

    def enclosing(program, arithmetic):
        programs.append(program)
        return enclosed(program, flushes_subnormals=arithmetic.flushes_subnormals)

    monkeypatch.setitem(expected.TIERS, "enclosure", enclosing)
    return programs


HERE = facts_of(device_arithmetic(CPU, "float64"))


def replayed(store, check=Judge.enclosed, target="cpu", dtype="float64", **facts):
    """The record of a judge that replays ``store`` where ``facts`` are what was measured."""
    judge = Judge(Record("test", target, dtype), replayed=store)
    judge.record.facts |= facts
    judge.over(None, check, 1)
    return judge.record


def test_what_is_stored_is_not_computed_again(store, computed):
    put(store, broadcast_product(), enclosure=enclosed(broadcast_product()))
    record = replayed(store)
    assert (record.examples, record.elements, record.comparisons, record.found_after) == (1, 9, 15, None)
    assert computed == []


def test_where_a_fact_held_then_and_does_not_here_what_it_touches_is_enclosed_anew(store, computed):
    wide = enclosed(broadcast_product(), flushes_subnormals=True)
    put(store, broadcast_product(), HERE | {"flushes_subnormals": True}, enclosure=wide)
    put(store, notebook_polynomial(), HERE | {"flushes_subnormals": True}, enclosure=wide)
    replayed(store)
    assert computed == [broadcast_product(), notebook_polynomial()]


def test_a_fact_about_powers_touches_programs_with_powers(store, computed):
    facts = HERE | {"powers_are_exact": False}
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
    record = replayed(store, flushes_subnormals=True)
    assert computed == [broadcast_product()]
    # Counted once each, although one was judged twice.
    assert (record.examples, record.elements, record.found_after) == (3, 9 + 1 + 9, None)


def test_what_is_not_right_under_the_facts_of_both_is_wrong(store, computed):
    right = enclosed(broadcast_product())
    moved = Truths("enclosure", tuple(Truth(each.midpoint + 1, each.radius) for each in right.outputs), right.gradients)
    put(store, broadcast_product(), enclosure=moved)
    judge = Judge(Record("test", "cpu", "float64"), replayed=store)
    with pytest.raises(WrongAnswer):
        judge.over(None, Judge.enclosed, 1)
    assert computed == []
    assert judge.record.found_after == 1


def test_facts_that_make_radii_wider_and_what_they_touch():
    assert widening_facts({"powers_are_exact": True, "flushes_subnormals": False}) == frozenset()
    both = {"powers_are_inexact", "flushes_subnormals"}
    assert widening_facts({"powers_are_exact": False, "flushes_subnormals": True}) == both
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
    store.put_facts("float32", facts_of(device_arithmetic(CPU, "float32")))
    stored = enclosed(subnormal_product())
    store.put("test", "float32", "", subnormal_product(), {"enclosure": stored})
    seen = []

    def check(judge, program):
        seen.append(judge.expected.of(program, "enclosure"))
        return judge.enclosed(program)

    record = replayed(store, check, "cpu/flush=on", "float32")
    assert record.facts["flushes_subnormals"]
    assert record.examples == 1
    first, second = seen
    assert same(first, stored)
    assert same(second, enclosed(subnormal_product(), flushes_subnormals=True))
    # Without the fact what came is wrong: the asking did flush.
    plain = Judge(Record("test", "cpu/flush=on", "float32"), replayed=store)
    plain.record.facts["flushes_subnormals"] = False
    with pytest.raises(WrongAnswer):
        plain.over(None, Judge.enclosed, 1)


def gate(pytestconfig, folder, *arguments):
    return python("-m", "pytest", *arguments, f"--reports={folder}", folder=pytestconfig.rootpath)


@pytest.fixture(scope="module")
def drawn(pytestconfig, tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    run = gate(
        pytestconfig, folder, *PROPERTIES, "tests/properties/test_known_issues.py", "-m", "not unreplayed",
        "--device", "cpu", "--dtype", "float32", "--max-examples", "20", "--hypothesis-seed", "5", "-n", "2",
        f"--store={folder / 'programs.db'}",
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def counts(folder):
    report = json.loads((folder / "gate.json").read_text())
    names = ("property", "examples", "comparisons", "elements", "informative", "worst", "outcome")
    return report, sorted(tuple(each[name] for name in names) for each in report["properties"])


@pytest.mark.parametrize("target", ["cpu", "cpu/onednn=off,threads=1"])
def test_a_replay_has_the_same_counts_and_draws_nothing(target, drawn, pytestconfig, tmp_path):
    run = gate(
        pytestconfig, tmp_path, *PROPERTIES, "tests/properties/test_known_issues.py", "--device", target,
        f"--replay={drawn / 'programs.db'}",
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    report, replayed_counts = counts(tmp_path)
    assert replayed_counts == counts(drawn)[1]
    assert report["replayed"]["programs"] == 40
    assert report["seed"] == "5"
    assert "replays 40 programs, drawn on cpu by torch" in run.stdout
    assert "finite differences, the sweep and known issues are left out" in run.stdout
    assert "left out: no programs are stored in float16" in run.stdout
    assert report["facts"][f"{target} float32"]["powers_are_exact"]


def test_bad_stores_get_one_plain_line(drawn, pytestconfig, tmp_path):
    file = tmp_path / "file"
    cases = [
        ((f"--replay={file}",), "no such file"),
        ((f"--store={drawn / 'programs.db'}", "--device=cpu"), "is there already"),
        ((f"--store={file}", f"--replay={drawn / 'programs.db'}"), "choose one of them"),
        ((f"--store={file}", "--device=cpu,cpu/onednn=off"), "a store is drawn at one target"),
        ((f"--replay={drawn / 'programs.db'}", "--dtype=float16"), "has no programs in float16; it has float32"),
    ]
    for options, words in cases:
        run = gate(pytestconfig, tmp_path / "reports", *PROPERTIES, *options)
        assert run.returncode == pytest.ExitCode.USAGE_ERROR, options
        (line,) = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
        assert line.startswith("ERROR: ")
        assert words in line
