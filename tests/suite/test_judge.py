"""The judge: what it keeps of failures, what it counts, and what it takes for a finding."""

from __future__ import annotations

import inspect
from types import SimpleNamespace

import pytest
import torch
from hypothesis import core, settings
from hypothesis.database import InMemoryExampleDatabase

from oracle import route
from oracle.device import has_storage
from oracle.laws import BOOKKEEPING, LINEARITY, NEED_STORAGE, TIES
from oracle.route import ROUTES
from strategies.programs import polynomial_programs
from tests.gate import judge as judge_module
from tests.gate.attachments import attachments, hand_over
from tests.gate.judge import Judge
from tests.gate.record import Record, run_and_record
from tests.gate.wrong_answer import WrongAnswer
from tests.suite.examples import broadcast_product


@pytest.fixture
def database(monkeypatch):
    """What Hypothesis keeps of failures within the test, as under the profile ``dev``."""
    kept = InMemoryExampleDatabase()
    before = settings.get_current_profile_name()
    settings.register_profile("keeping", parent=settings(), max_examples=50, database=kept)
    settings.load_profile("keeping")
    # A forced seed turns the database off.
    monkeypatch.setattr(core, "global_force_seed", None)
    yield kept
    settings.load_profile(before)


def failing(judge, *, about=""):
    """The programs that ``judge`` looks at while its property fails for the longer ones."""
    seen = []

    def fails(judge, program):
        seen.append(program)
        assert len(program.applications) < 3

    with pytest.raises(AssertionError):
        judge.over(polynomial_programs(dtype="float64"), fails, 1, about=about)
    return seen


def keys(database):
    return {key for key in database.data if not key.endswith((b"secondary", b"pareto"))}


def test_each_property_keeps_its_failures_under_a_key_of_its_own(database):
    cases = [
        ("one", "float64", ""),
        ("another", "float64", ""),
        ("one", "float32", ""),
        ("one", "float64", "exp"),
    ]
    for number, (name, dtype, about) in enumerate(cases, start=1):
        failing(Judge(Record(name, "cpu", dtype)), about=about)
        assert len(keys(database)) == number


def test_a_failure_is_replayed_where_it_was_and_nowhere_else(database):
    shrunk = failing(Judge(Record("one", "cpu", "float64")))[-1]
    assert failing(Judge(Record("one", "cpu", "float64")))[0] == shrunk

    assert failing(Judge(Record("another", "cpu", "float64")))[0] != shrunk


def refusing(*_):
    raise RuntimeError("not today")


def finding(program):
    """What the judge finds in ``program``."""
    with pytest.raises(WrongAnswer) as caught:
        Judge(Record("one", "cpu", "float64")).enclosed(program)
    return caught.value.smallest()


def test_an_exception_is_a_finding_while_pytorch_is_asked_and_while_its_answer_is_read(monkeypatch):
    with monkeypatch.context() as planted:
        planted.setitem(ROUTES, "backward", refusing)
        asked = finding(broadcast_product())
    monkeypatch.setattr(route, "to_numpy", refusing)
    read = finding(broadcast_product())
    assert (asked.kind, asked.wrong.moment) == ("raises", "asked")
    assert (read.kind, read.wrong.moment) == ("raises", "read")
    assert asked.wrong.error == read.wrong.error == "RuntimeError: not today"


def test_laws_about_storages_are_left_out_and_counted_where_there_are_none(monkeypatch):
    asked = Judge(Record("one", "cpu", "float64"))
    for law in BOOKKEEPING:
        asked.law(broadcast_product(), law)
    assert (asked.record.comparisons, asked.record.left_out) == (len(BOOKKEEPING), 0)
    monkeypatch.setattr(judge_module, "has_storage", lambda device: False)
    monkeypatch.setattr(torch.Tensor, "untyped_storage", refusing)
    without = Judge(Record("one", "cpu", "float64"))
    for law in BOOKKEEPING:
        without.law(broadcast_product(), law)
    assert (without.record.comparisons, without.record.left_out) == (len(BOOKKEEPING) - 2, 2)


@pytest.mark.parametrize("lacking", ["untyped_storage", "set_"])
def test_whether_a_device_has_storages_is_measured(lacking, monkeypatch):
    measured = has_storage.__wrapped__
    assert measured("cpu")
    monkeypatch.setattr(torch.Tensor, lacking, refusing)
    assert not measured("cpu")


def test_every_law_that_names_storages_says_so():
    for law in BOOKKEEPING + LINEARITY + TIES:
        assert (law in NEED_STORAGE) == ("storage" in inspect.getsource(law).partition('"""')[2].partition('"""')[2])


def test_what_a_property_did_is_kept_apart_from_what_comes_after_it():
    record = Record("one", "cpu", "float64", comparisons=3, drawn={"exp": 1})
    item, report = SimpleNamespace(stash={}), SimpleNamespace()
    steps = run_and_record(item, record)
    next(steps)
    steps.close()
    # A finding is cut down by the same judge.
    record.comparisons += 1
    record.drawn["exp"] += 1
    hand_over(item, report)
    ((_, kept),) = attachments(report)
    assert (kept["comparisons"], kept["drawn"]) == (3, {"exp": 1})
