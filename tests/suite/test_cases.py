"""How applications are drawn: every rule is used and gives what torch takes, and dice fall as they are told to."""

from __future__ import annotations

import math
from itertools import pairwise, repeat

import numpy as np
import pytest
from hypothesis import assume
from hypothesis import strategies as st

from oracle.index import Index, IndexTensor
from oracle.known_issues import is_covered, is_undrawable
from oracle.known_operands import KnownOperand
from oracle.number_format import NUMBER_FORMATS
from oracle.operations import OPERATIONS
from oracle.program import Input, Output, Program, ProgramBuilder, Value
from oracle.route import by_grad, leaves, torch_function
from strategies.cases import RULES, Case
from strategies.cases.case import MOST_ELEMENTS, axis_of, broadcast_partner, indices, mask
from strategies.dice import Dice, dice, endless_dice
from strategies.samples import sample
from strategies.shapes import shape_of_rank, shapes
from tests.suite.drawing import minimal
from tests.suite.examples import contiguous


@st.composite
def cases(draw, name):
    """A shape that the rule makes for itself, and a case for it."""
    rule = RULES[name]
    dies = endless_dice(draw)
    shape = shape_of_rank(dies, ranks=rule.ranks, min_side=0 if rule.empty else 1)
    assume(rule.fits(shape))
    return shape, rule.draw(draw, dies, shape)


def users(name):
    return [each for each in OPERATIONS.values() if each.case == name and not is_undrawable(each.name, "float64")]


def covered(name, shape, case):
    """Whether a known issue covers the case, so that no strategy offers it."""
    return is_covered(name, case.arguments, "float64", operands_of(shape, case))


def operands_of(shape, case):
    return tuple(map(KnownOperand.plain, (shape, *(each for each in case.others if not isinstance(each, float)))))


def test_every_operation_has_a_rule():
    assert {operation.case for operation in OPERATIONS.values()} <= set(RULES)


def test_every_rule_is_used():
    assert set(RULES) - {operation.case for operation in OPERATIONS.values()} == set()


def application(operation, shape, case):
    """A program that applies ``operation`` as ``case`` says, to ones and to the numbers next to 1."""
    operands = [shape, *case.others]
    tensors = [each for each in operands if not isinstance(each, float)]
    inputs = [Input(contiguous(tuple((0.5 + np.arange(math.prod(each)) / 256).tolist()), each)) for each in tensors]
    numbers = iter(range(len(tensors)))
    values = [each if isinstance(each, float) else Value(next(numbers)) for each in operands]
    builder = ProgramBuilder(inputs)
    outputs = builder.apply_all(operation.name, *values, arguments=case.arguments, results=case.results)
    return builder, outputs


@pytest.mark.parametrize("name", RULES)
def test_rules_give_valid_cases(name):
    drawn = sample(cases(name), count=12)
    operations = users(name)
    for number, (shape, case) in enumerate(drawn):
        assert isinstance(case, Case)
        assert len(shape) in RULES[name].ranks
        assert sum(not isinstance(each, float) for each in case.others) <= RULES[name].others
        assert all(isinstance(each, float) or all(side >= 0 for side in each) for each in case.others)
        for operation in operations[number % len(operations) :][:1]:
            if covered(operation.name, shape, case):
                continue
            builder, outputs = application(operation, shape, case)
            shapes_of_outputs = [tuple(each.shape) for each in forward(builder, outputs)]
            assert len(shapes_of_outputs) == case.results
            cotangents = [contiguous((1.0,) * math.prod(each), each) for each in shapes_of_outputs]
            asked = tuple(map(Output, outputs, cotangents))
            answer = by_grad(Program(builder.inputs, tuple(builder.applications), asked), "cpu")
            assert all(
                tuple(gradient.shape) == each.tensor.shape
                for each, gradient in zip(builder.inputs, answer.gradients.values(), strict=True)
            )


def forward(builder, outputs):
    program = Program(builder.inputs, tuple(builder.applications), tuple(map(Output, outputs)))
    return torch_function(program, "cpu")(*(each.detach() for each in leaves(program, "cpu")))


@pytest.mark.parametrize("name", RULES)
def test_rules_fit_some_shapes_of_every_rank_that_they_name(name):
    rule = RULES[name]
    for rank in rule.ranks:
        # What a first operand of a side that does not fit falls back to.
        assert rule.fits((1,) * rank)


@pytest.mark.parametrize("name", RULES)
def test_the_simplest_case_is_covered_by_no_known_issue(name):
    shape = (1,) * RULES[name].ranks[0]
    (case,) = sample(st.composite(lambda draw: RULES[name].draw(draw, Dice(repeat(0)), shape))(), count=1)[:1]
    for operation in users(name):
        for dtype in NUMBER_FORMATS:
            covered = is_covered(operation.name, case.arguments, dtype, operands_of(shape, case))
            assert not covered or is_undrawable(operation.name, dtype)


def drawn(function, count=300):
    return sample(st.composite(lambda draw: function(draw, endless_dice(draw)))(), count=count)


def test_axes_are_counted_from_both_ends():
    assert set(drawn(lambda draw, dies: axis_of(dies, 3))) == {-3, -2, -1, 0, 1, 2}
    assert set(drawn(lambda draw, dies: axis_of(dies, 0))) == {-1, 0}
    assert minimal(st.composite(lambda draw: axis_of(endless_dice(draw), 3))()) == 0


def test_index_tensors_stay_within_their_axis():
    free = drawn(lambda draw, dies: indices(draw, (2, 2), 3))
    assert {value for each in free for value in each.values} == {0, 1, 2}
    assert all(each.shape == (2, 2) and not each.is_mask for each in free)
    assert any(len(set(each.values)) < 4 for each in free)
    different = drawn(lambda draw, dies: indices(draw, (3,), 3, distinct=True))
    assert {tuple(sorted(each.values)) for each in different} == {(0, 1, 2)}
    assert len({each.values for each in different}) == 6
    assert indices(None, (0,), 3) == IndexTensor((0,), ())


def test_masks_are_of_every_kind():
    masks = {each.values for each in drawn(lambda draw, dies: mask(draw, (2,)))}
    assert masks == {(True, True), (True, False), (False, True), (False, False)}
    assert minimal(st.composite(lambda draw: mask(draw, (2,)))()).values == (True, True)


def test_broadcast_partners_broadcast():
    def pair(draw, dies):
        shape = draw(shapes())
        return shape, broadcast_partner(dies, shape)

    kinds = set()
    squares = 0
    for shape, partner in drawn(pair):
        result = np.broadcast_shapes(shape, partner)
        assert math.prod(result) <= max(MOST_ELEMENTS, math.prod(shape))
        assert len(result) <= 5
        squares += len(shape) == 2 and 1 in shape and result == (max(shape),) * 2 and max(shape) > 1
        kinds |= {("same", partner == shape), ("grown", result != shape), ("shorter", len(partner) < len(shape))}
    assert kinds == {(kind, each) for kind in ("same", "grown", "shorter") for each in (True, False)}
    assert squares > 1, "no column or row becomes a square"


def test_keys_of_advanced_indexing_are_of_every_kind():
    keys = [case.arguments["index"] for _, case in sample(cases("advanced_indexing"), count=150)]
    assert all(isinstance(key, Index) for key in keys)
    tensors = [[each for each in key.entries if isinstance(each, IndexTensor)] for key in keys]
    assert {len(each) for each in tensors} == {1, 2}
    assert any(each[0].is_mask for each in tensors)
    assert any(key.entries[0] is not tensor[0] for key, tensor in zip(keys, tensors, strict=True))
    assert any(
        isinstance(first, IndexTensor) and not isinstance(second, IndexTensor)
        for key in keys
        for first, second in pairwise(key.entries)
    ), "no slice between or behind index tensors"


# Dice


def fallen(count, function):
    return sample(st.composite(lambda draw: function(dice(draw, count=count)))(), count=400)


@pytest.mark.parametrize(("lowest", "highest"), [(0, 4), (2, 5), (-3, 3), (-4, -2), (-2, 0), (-1, 5)])
def test_numbers_between_two_ends_are_all_that_there_are(lowest, highest):
    assert set(fallen(1, lambda dies: dies.between(lowest, highest))) == set(range(lowest, highest + 1))


@pytest.mark.parametrize(
    ("lowest", "highest", "due"), [(0, 3, [0, 1, 2, 3]), (2, 4, [2, 3, 4]), (-2, 1, [0, 1, -2, -1])]
)
def test_numbers_between_two_ends_begin_with_the_simplest(lowest, highest, due):
    assert [Dice(iter([face])).between(lowest, highest) for face in range(len(due))] == due
    assert minimal(st.composite(lambda draw: dice(draw, count=1).between(lowest, highest))()) == due[0]


def test_nothing_is_thrown_where_there_is_no_choice():
    assert Dice(iter([])).between(3, 3) == 3
    with pytest.raises(StopIteration):
        Dice(iter([])).between(3, 4)


def test_perhaps_is_no_first():
    assert [Dice(iter([face])).perhaps() for face in range(4)] == [False, True, False, True]
    assert set(fallen(1, lambda dies: dies.perhaps())) == {False, True}


def test_below_many_reaches_beyond_a_byte():
    assert Dice(iter([1, 2])).below_many(1000) == 258
    assert Dice(iter([255, 255])).below_many(1000) == 65535 % 1000
    numbers = fallen(2, lambda dies: dies.below_many(1000))
    assert all(0 <= number < 1000 for number in numbers)
    assert min(numbers) == 0
    assert max(numbers) > 900
    assert len({number // 100 for number in numbers}) == 10


def test_endless_dice_never_run_out():
    assert len(drawn(lambda draw, dies: [dies.below(2) for _ in range(100)], count=5)[0]) == 100
