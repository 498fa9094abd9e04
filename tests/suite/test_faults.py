"""Planted faults: each is live, gone afterwards, and the planting itself changes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.suite.faults import AREAS, FAULTS
from tests.suite.faults.asking import gradients
from tests.suite.faults.planting import planted
from tests.suite.processes import FAULT, python


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_live_and_gone_afterwards(name):
    case = FAULTS[name].case
    right = gradients(case)
    with planted(FAULTS[name]):
        assert gradients(case) != right
    assert gradients(case) == right


@pytest.mark.parametrize("name", FAULTS)
def test_planting_alone_changes_nothing(name):
    harmless = (
        {"forward": lambda result, call: result} if FAULTS[name].forward else {"change": lambda right, call: right}
    )
    case = FAULTS[name].case
    right = gradients(case)
    with planted(replace(FAULTS[name], **harmless)):
        assert gradients(case) == right


def test_there_are_many_faults_of_every_area():
    assert len(FAULTS) == sum(map(len, AREAS.values())) >= 60
    assert min(map(len, AREAS.values())) >= 3
    assert Counter(bool(fault.modelled_on) for fault in FAULTS.values())[True] >= 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((), "the following arguments are required: NAME, SCRIPT"), ((FAULT, "nowhere.py"), "nowhere.py: no such file")],
)
def test_running_a_script_with_a_fault_wants_both_names(arguments, words, pytestconfig):
    run = python("-m", "tests.suite.faults", *arguments, folder=pytestconfig.rootpath)
    assert run.returncode == 2
    assert words in run.stderr
