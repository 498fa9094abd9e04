"""Random programs: every draw runs, what is promised of it holds, and the interesting kinds do occur."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis.errors import InvalidArgument

from oracle.index import Index, IndexTensor, Slice
from oracle.known_issues import is_undrawable, present_issues
from oracle.number_format import NUMBER_FORMATS
from oracle.operations import FAMILIES, OPERATIONS
from oracle.program import Application, Program, Value
from oracle.route import ROUTES
from strategies.cases import RULES
from strategies.layouts import KINDS
from strategies.random_programs import random_programs
from strategies.samples import sample
from strategies.workbench import Workbench
from tests.suite.drawing import minimal
from tests.suite.examples import contiguous

DTYPES = list(NUMBER_FORMATS)


@cache
def draws(dtype, count=150):
    return sample(random_programs(dtype=dtype), count=count)


@cache
def singles():
    """A few programs of each operation."""
    return [
        program
        for name in OPERATIONS
        if not is_undrawable(name, "float32")
        for program in sample(random_programs(dtype="float32", featured=name, max_operations=1), count=5)
    ]


def operations(program):
    return [application.operation for application in program.applications]


def uses(program):
    """How often each value is an operand."""
    return Counter(
        operand.index for each in program.applications for operand in each.operands if isinstance(operand, Value)
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_programs_run_on_every_route_and_have_what_is_foretold(dtype):
    for number, program in enumerate(draws(dtype)):
        route = list(ROUTES)[number % len(ROUTES)]
        answer = ROUTES[route](program, "cpu")
        assert isinstance(program, Program)
        assert program.dtype == dtype
        assert all(each.tensor.dtype == dtype for each in program.inputs)
        assert 1 <= len(program.inputs) <= 4
        assert 1 <= len(program.applications) <= 8
        assert len(answer.outputs) == len(program.outputs)
        for output, asked in zip(answer.outputs, program.outputs, strict=True):
            assert str(output.dtype) == f"torch.{dtype}"
            assert asked.cotangent.shape == tuple(output.shape) if asked.cotangent else output.ndim == 0
        assert set(answer.gradients) == set(program.differentiated)
        # Every output depends on an input that requires grad.
        assert any(gradient is not None for gradient in answer.gradients.values())


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_that_nobody_uses_are_outputs(dtype):
    for program in draws(dtype):
        used = uses(program)
        results = {index for numbers in program.results for index in numbers}
        outputs = {output.value.index for output in program.outputs}
        assert {index for index in results if not used[index]} <= outputs <= results


@pytest.mark.parametrize("dtype", DTYPES)
def test_programs_are_of_every_kind(dtype):
    programs = draws(dtype)
    assert {len(program.inputs) for program in programs} == {1, 2, 3, 4}
    assert {len(program.applications) for program in programs} >= set(range(1, 8))
    assert {1, 2, 3} <= {len(program.outputs) for program in programs}
    assert sum(max(uses(program).values()) > 1 for program in programs) > 30, "no fan-out"
    assert any(uses(program)[output.value.index] for program in programs for output in program.outputs)
    assert any(not each.requires_grad for program in programs for each in program.inputs), "nothing is frozen"
    assert any(output.cotangent is None for program in programs for output in program.outputs)
    cotangents = [output.cotangent for program in programs for output in program.outputs if output.cotangent]
    assert {each.layout.kind for each in cotangents} >= {"contiguous", "transposed", "expanded"}
    assert any(not each.array.any() for each in cotangents if each.count), "no cotangent of zeros"
    magnitudes = [abs(number) for each in cotangents for number in each.array.ravel().tolist() if number]
    kind = NUMBER_FORMATS[dtype]
    assert min(magnitudes) < 2.0 ** (0.4 * kind.minimum_exponent), "no small cotangent"
    assert max(magnitudes) > 2.0 ** (0.4 * kind.maximum_exponent), "no large cotangent"
    tensors = [each.tensor for program in programs for each in program.inputs]
    assert {each.layout.kind for each in tensors} == set(KINDS)
    # An operand that has to fit a result may have more axes.
    assert {len(each.shape) for each in tensors} >= set(range(6))
    assert any(0 in each.shape for each in tensors)
    assert any(1 in each.shape for each in tensors)
    overwriting = [
        each
        for program in programs
        for each in program.applications
        if each.spelling >= len(OPERATIONS[each.operation].spellings)
    ]
    assert len(overwriting) > 10, "nothing is written in place"
    assert any(each.results > 1 for program in programs for each in program.applications)


def test_most_of_the_catalogue_occurs_together():
    occurring = Counter(name for dtype in DTYPES for program in draws(dtype) for name in operations(program))
    assert len(occurring) > 0.9 * len(OPERATIONS)
    for name, family in FAMILIES.items():
        assert sum(occurring[operation.name] for operation in family) > 20, name


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_operation_can_be_featured(dtype):
    for name, operation in OPERATIONS.items():
        if is_undrawable(name, dtype):
            continue
        for program in sample(random_programs(dtype=dtype, featured=name, max_operations=2), count=2):
            assert name in operations(program)
            assert len(program.inputs) <= 4
            assert RULES[operation.case]


@pytest.mark.parametrize("name", ["lerp", "tensor_clamp", "var", "conv2d", "hypot", "index_put_accumulate"])
def test_what_is_featured_is_there_whatever_came_before_it(name):
    # Operations of many operands need room for inputs, and known issues cover some of what is drawn.
    assert all(name in operations(each) for each in sample(random_programs(dtype="float64", featured=name), count=60))


def test_every_spelling_occurs():
    spellings = {(each.operation, each.spelling) for program in singles() for each in program.applications}
    due = {
        (name, number)
        for name, operation in OPERATIONS.items()
        if not is_undrawable(name, "float32")
        for number in range(len(operation.all_spellings))
    }
    assert len(due - spellings) < 0.15 * len(due)
    assert spellings <= due


def test_operands_lie_in_the_domains_of_their_operations():
    for program in singles():
        (application,) = program.applications
        tensors = [each for each in application.operands if isinstance(each, Value)]
        for position, operand in enumerate(tensors):
            array = program.inputs[operand.index].tensor.array
            if array.size:
                assert OPERATIONS[application.operation].domain(position).contains(array.min(), array.max())


def test_operands_are_numbers_too():
    products = sample(random_programs(dtype="float32", featured="mul", max_operations=1), count=100)
    numbers = [each for program in products for each in program.applications[0].operands if isinstance(each, float)]
    assert len(set(numbers)) > 3


def test_index_tensors_are_of_every_kind():
    indexed = [
        (value, program.inputs[each.operands[0].index].tensor.shape)
        for program in singles()
        for each in program.applications
        for value in each.arguments.values()
        if isinstance(value, IndexTensor)
    ]
    whole = [(index, shape) for index, shape in indexed if not index.is_mask]
    assert any(len(set(index.values)) < len(index.values) for index, _ in whole), "no duplicates"
    assert any(math.prod(index.shape) < math.prod(shape) for index, shape in whole), "none is smaller than its source"
    assert any(math.prod(index.shape) > math.prod(shape) for index, shape in whole), "none is larger than its source"
    masks = [index for index, _ in indexed if index.is_mask]
    assert any(all(each.values) for each in masks)
    assert any(len(set(each.values)) == 2 for each in masks)
    keys = [value for program in singles() for each in program.applications for value in each.arguments.values()]
    entries = [entry for key in keys if isinstance(key, Index) for entry in key.entries]
    assert any(isinstance(each, IndexTensor) and min(each.values, default=0) < 0 for each in entries)
    slicing = sample(random_programs(dtype="float32", featured="slicing", max_operations=1), count=60)
    entries += [entry for program in slicing for entry in program.applications[0].arguments["index"].entries]
    assert {type(each) for each in entries} == {int, type(None), IndexTensor, Slice}


def test_kinks_and_ties_occur():
    at_kinks, ties = Counter(), Counter()
    for name, operation in OPERATIONS.items():
        if (operation.kinks or operation.ties) and not is_undrawable(name, "float64"):
            for program in sample(random_programs(dtype="float64", featured=name, max_operations=1), count=30):
                arrays = [each.tensor.array for each in program.inputs]
                at_kinks[name] += bool(np.isin(arrays[0], operation.kinks).any())
                equal = any(np.unique(array).size < array.size for array in arrays)
                ties[name] += equal or (len(arrays) > 1 and bool(np.isin(arrays[0], arrays[1]).any()))
    assert all(at_kinks[name] > 2 for name in at_kinks if OPERATIONS[name].kinks), at_kinks
    assert all(ties[name] > 2 for name in ties if OPERATIONS[name].ties), ties


def test_lattice_programs_are_of_small_integers():
    names = ("add", "mul", "sum", "log")
    for program in sample(random_programs(dtype="float32", names=names, lattice=True), count=100):
        for each in program.inputs:
            assert set(each.tensor.array.ravel().tolist()) <= {0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0}
        for output in program.outputs:
            assert output.cotangent is None or np.abs(output.cotangent.array).max(initial=0) <= 2


def test_only_operations_that_are_named_occur():
    names = ("mul", "sum", "reshape")
    programs = sample(random_programs(dtype="float32", names=names), count=100)
    # Where none of them fits a value there is the simplest operation.
    assert set(names) <= {name for program in programs for name in operations(program)} <= {*names, "neg"}


def test_inputs_are_small():
    programs = sample(random_programs(dtype="float32", names=("neg", "sum", "exp"), max_elements=5), count=100)
    assert {0, 1, 5} <= {each.tensor.count for program in programs for each in program.inputs} <= set(range(6))


def test_what_known_issues_cover_is_not_drawn():
    bench = Workbench(NUMBER_FORMATS["float32"])
    first = bench.add_input(contiguous((1, 2, 3), (3,), "float32"))
    assert bench.is_covered("var", {"dim": ()}, bench.known_operands([first]))
    assert not bench.is_covered("var", {"dim": 0}, bench.known_operands([first]))
    assert bench.apply(Application("var", (first,), {"dim": ()}), whatever=True) == ()
    for dtype in DTYPES:
        undrawable = {name for issue in present_issues() for name in issue.operations if is_undrawable(name, dtype)}
        assert not undrawable & {name for program in draws(dtype) for name in operations(program)}
    for program in sample(random_programs(dtype="float64", featured="var", max_operations=1), count=100):
        assert program.applications[0].arguments.get("dim") != () or program.inputs[0].tensor.count == 1


@pytest.mark.parametrize(
    "options",
    [
        {"dtype": "int32"},
        {"dtype": "float32", "names": ()},
        {"dtype": "float32", "names": ("add", "nothing")},
        {"dtype": "float32", "featured": "nothing"},
        {"dtype": "float32", "max_operations": 0},
    ],
)
def test_invalid_options_are_refused(options):
    with pytest.raises(InvalidArgument):
        minimal(random_programs(**options))


def test_programs_shrink_to_one_operation_on_simple_numbers():
    smallest = minimal(random_programs(dtype="float64"))
    assert operations(smallest) == ["add"]
    assert len(smallest.outputs) == 1
    assert all(each.tensor.array.ravel().tolist() == [1] for each in smallest.inputs)
    assert all(each.tensor.layout.kind == "contiguous" for each in smallest.inputs)


@pytest.mark.parametrize("name", ["sin", "matmul", "roll", "gather", "logsumexp", "conv1d", "where", "split"])
def test_featured_operations_shrink_to_themselves_on_simple_numbers(name):
    smallest = minimal(random_programs(dtype="float64", featured=name))
    assert operations(smallest) == [name]
    assert all(set(each.tensor.array.ravel().tolist()) <= {0.0, 1.0} for each in smallest.inputs)
    assert all(each.tensor.count == 1 for each in smallest.inputs)
    assert smallest.applications[0].spelling == 0


def test_two_operations_shrink_to_a_chain():
    strategy = random_programs(dtype="float64", names=("exp", "sum"), max_operations=4)
    smallest = minimal(strategy, lambda program: len(program.outputs) == 1 and len(set(operations(program))) == 2)
    assert sorted(operations(smallest)) == ["exp", "sum"]
    assert len(smallest.inputs) == 1


def test_what_known_issues_cover_is_not_replaced_by_an_operation_that_was_not_asked_for(monkeypatch):
    monkeypatch.setattr(Workbench, "is_covered", lambda bench, operation, *rest: operation == "exp")
    programs = sample(random_programs(dtype="float64", names=("exp", "sin")), count=60)
    assert {name for program in programs for name in operations(program)} == {"sin"}
    assert len(programs) > 20
