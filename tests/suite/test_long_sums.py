"""Programs with long sums, what is demanded of them, and what a sum that is kept in 16 bits loses."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import repeat

import numpy as np
import pytest

from oracle.arithmetic import Accumulation
from oracle.enclosure import enclosure
from oracle.known_issues import present_issues
from oracle.number_format import NUMBER_FORMATS
from oracle.operations import OPERATIONS
from oracle.program import Value
from oracle.rounding import RunningError
from strategies.cases.long_sums import BOUNDED, LONG_SUMS, PAIRS
from strategies.dice import Dice
from strategies.long_sums import MOST_TERMS, long_sum_programs, program_of, saturating_sums, ways_of
from strategies.random_programs import random_programs
from strategies.samples import sample
from tests.gate import judge as judge_module
from tests.gate.judge import Judge
from tests.gate.losses import worst
from tests.gate.record import Record
from tests.gate.wrong_answer import WrongAnswer

SIXTEEN_BIT = ("bfloat16", "float16")
ADDING = [name for name in OPERATIONS if ways_of(name)]


class Counted(RunningError):
    """Notes the largest number of terms that were added up."""

    most = 0

    def of_sum(self, sums):
        self.most = max(self.most, int(np.max(sums.count, initial=0)))
        return super().of_sum(sums)


def most_terms(program):
    rounding = Counted(program.number_format)
    enclosure(program, rounding)
    return rounding.most


ORDERS = ((2, 3, 4), (4, 3, 2), (3, 2, 4))
"""Values of the operands: a selection takes the largest, the smallest, or the one between two others."""


@pytest.mark.parametrize("name", ADDING)
def test_every_way_adds_as_many_terms_as_it_says(name):
    for way in ways_of(name):

        def program(order, way=way):
            def values_of(position):
                first = order[position or 0]
                return lambda dies, count: [first + place % 2 / 2 for place in range(count)]

            return program_of(NUMBER_FORMATS["float64"], OPERATIONS[name], way, Dice(repeat(0)), 1000, values_of)

        assert max(map(most_terms, map(program, ORDERS))) >= PAIRS // 2 - 1


@pytest.mark.parametrize("name", [name for name in OPERATIONS if not ways_of(name)])
def test_what_has_no_long_sums_adds_no_terms_or_but_a_few(name):
    programs = sample(random_programs(dtype="float32", featured=name, max_operations=1), count=40)
    adds = max(map(most_terms, programs)) > 1
    assert adds == (name in BOUNDED)


def test_rules_with_bounded_sums_have_no_long_ones():
    assert not set(BOUNDED) & set(LONG_SUMS)


@pytest.mark.parametrize("dtype", ["float64", *SIXTEEN_BIT])
def test_sizes_are_log_uniform_and_programs_valid(dtype):
    programs = sample(long_sum_programs(dtype=dtype, operation="index_add"), count=400)
    sizes = [each.applications[0].arguments["index"].shape[0] for each in programs]
    octaves = np.bincount([math.frexp(size)[1] for size in sizes], minlength=15)
    assert min(sizes) >= 2
    assert max(sizes) <= MOST_TERMS
    # From 2 to 8,191 there are twelve octaves, and 8,192 has one of its own.
    assert (octaves[2:15] > 400 / 13 / 3).all()
    assert {each.dtype for each in programs} == {dtype}


def test_long_sums_hold_ones_small_numbers_and_integers_of_one_sign():
    programs = sample(long_sum_programs(dtype="bfloat16", operation="sum"), count=200)
    drawn = [set(each.inputs[0].tensor.values) for each in programs if each.inputs[0].tensor.count > 4]
    kinds = {
        "ones": sum(values == {1.0} for values in drawn),
        "small": sum(2.0**-9 in values for values in drawn),
        "negative": sum(max(values) < 0 for values in drawn),
    }
    assert all(count > len(drawn) / 20 for count in kinds.values()), kinds


def judged(operation, dtype, target="cpu"):
    judge = Judge(Record("long sums", target, dtype))
    for program in saturating_sums(dtype=dtype, operation=operation):
        judge.accurate(program)
    return judge.record


@pytest.mark.parametrize(("dtype", "most"), [("bfloat16", 256), ("float16", 2048)])
def test_what_an_index_loses_is_recorded_with_its_factor(dtype, most):
    (lost, *_) = worst(judged("index_select", dtype).losses)
    assert (lost["came"], lost["due"], lost["factor"]) == (most, MOST_TERMS, MOST_TERMS / most)
    assert lost["quantity"] == "gradient of operand 0"
    assert lost["size"] == MOST_TERMS


@pytest.mark.parametrize("dtype", SIXTEEN_BIT)
def test_what_a_convolution_loses_without_onednn_is_recorded(dtype):
    losses = worst(judged("conv2d", dtype, "cpu/onednn=off").losses)
    issues = {each.name: each.kept_in_dtype for each in present_issues()}
    assert {issues[each["issue"]] for each in losses} >= {"CONVOLUTION_WEIGHTS", "DILATED_BIASES", "WINDOWS"}


def test_sums_that_are_accumulated_in_a_wider_format_lose_nothing():
    for name in ("sum", "scatter_add", "mm"):
        record = judged(name, "bfloat16")
        assert record.comparisons
        assert not record.losses


def test_a_loss_that_no_known_issue_names_is_a_finding(monkeypatch):
    monkeypatch.setattr(judge_module, "issues_at", lambda target: ())
    with pytest.raises(WrongAnswer) as raised:
        judged("take", "float16")
    finding = raised.value.finding
    assert finding.kind == "inaccurate"
    assert finding.wrong.kept is Accumulation.SCATTERED
    assert "Inaccurate gradient" in finding.message
    assert "what is due is 4 times what came" in " ".join(finding.message.split())
    assert "torch.full((8192,), 1.0" in finding.script
    smallest = raised.value.smallest()
    assert smallest.kind == "inaccurate"


def test_an_answer_beyond_a_sum_in_16_bits_is_wrong_and_not_inaccurate(monkeypatch):
    right = judge_module.read_answer

    def halved(program, target, route):
        answer = right(program, target, route)
        gradients = {place: replace(each, values=each.values / 1e6) for place, each in answer.gradients.items()}
        return replace(answer, gradients=gradients)

    monkeypatch.setattr(judge_module, "read_answer", halved)
    with pytest.raises(WrongAnswer) as raised:
        judged("add", "float16")
    assert raised.value.finding.kind == "wrong"


def test_of_several_losses_the_largest_factor_of_each_kind_is_shown():
    one = {"issue": "a", "device": "cpu", "dtype": "float16", "operation": "take", "quantity": "output", "factor": 2.0}
    losses = [one, one | {"factor": 3.0}, one | {"operation": "sum", "factor": 1.5}]
    assert [each["factor"] for each in worst(losses)] == [1.5, 3.0]
    assert [each["factor"] for each in worst([one | {"factor": None}, *losses])] == [1.5, None]
    assert [each["factor"] for each in worst([*losses, one | {"factor": None}])] == [1.5, None]


def test_one_tensor_is_used_many_times():
    (program, *_) = saturating_sums(dtype="float16", operation="stack")
    assert program.applications[0].operands == (Value(0),) * MOST_TERMS
