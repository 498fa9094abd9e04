"""Indices: what torch makes of their source is what NumPy makes of their key, and JSON gives them back."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from oracle.index import Index, IndexTensor, Slice
from oracle.operations import OPERATIONS
from oracle.operations.operation import fill_in
from oracle.program import Input, ProgramBuilder, Value
from oracle.program_json import from_json, to_json
from strategies.random_programs import random_programs
from strategies.samples import sample
from tests.suite.examples import contiguous

ALL = Slice(None, None, None)
CUBE = np.arange(60.0).reshape(3, 4, 5)


def evaluated(source):
    return eval(source, {"torch": torch, "math": math, "device": "cpu"})  # the text is the test's own


TENSORS = [
    IndexTensor((3,), (0, 2, -1)),
    IndexTensor((2, 2), (1, 1, 0, 2)),
    IndexTensor((), (2,)),
    IndexTensor((0,), ()),
    IndexTensor((2, 0), ()),
    IndexTensor((3,), (True, False, True)),
    IndexTensor((3, 4), (True, False, False, True) * 3),
    IndexTensor((2,), (False, False)),
    IndexTensor((1,), (True,)),
]


@pytest.mark.parametrize("index", TENSORS, ids=str)
def test_index_tensors_are_what_torch_makes_of_their_source(index):
    came = evaluated(index.source)
    assert tuple(came.shape) == index.shape == index.array.shape
    assert came.dtype == (torch.bool if index.is_mask else torch.int64)
    assert np.array_equal(came.numpy(), index.array)
    assert index.array.dtype == (np.bool_ if index.is_mask else np.int64)


KEYS = [
    (ALL,),
    (1,),
    (-1, 2),
    (Slice(1, None, None),),
    (Slice(None, -1, None), Slice(-3, 3, None)),
    (Slice(None, None, 2), Slice(3, None, 3)),
    (Slice(2, 1, None),),
    (None, 0, None, ALL),
    (ALL, None, Slice(1, 3, 1), -1),
    (IndexTensor((2,), (2, -3)),),
    (ALL, IndexTensor((2, 2), (0, 0, 3, -1))),
    (IndexTensor((2,), (0, 1)), IndexTensor((2,), (3, -1))),
    (IndexTensor((2,), (0, 1)), ALL, IndexTensor((1,), (4,))),
    (ALL, IndexTensor((2,), (0, 1)), IndexTensor((2,), (3, -1))),
    (IndexTensor((3,), (True, False, True)),),
    (IndexTensor((3, 4), (True, False, False, True) * 3),),
    (),
]


@pytest.mark.parametrize("entries", KEYS, ids=str)
def test_what_torch_takes_by_the_source_is_what_numpy_takes_by_the_key(entries):
    index = Index(entries)
    due = CUBE[index.key]
    came = eval(f"x[{index.source}]", {"x": torch.tensor(CUBE), "torch": torch, "device": "cpu"})
    assert tuple(came.shape) == due.shape
    assert np.array_equal(came.numpy(), due)


@pytest.mark.parametrize(
    ("piece", "due"),
    [(ALL, ":"), (Slice(1, None, None), "1:"), (Slice(None, -2, None), ":-2"), (Slice(0, 4, 2), "0:4:2")],
)
def test_slices_are_written_as_between_brackets(piece, due):
    assert piece.source == due


def test_arguments_are_written_as_python():
    written = fill_in(
        "f({0}{arguments})", ("x",), {"ord": math.inf, "dim": (0, 1), "keepdim": True, "index": TENSORS[0], "p": 0.5}
    )
    assert written == (
        "f(x, ord=math.inf, dim=(0, 1), keepdim=True, "
        "index=torch.tensor([0, 2, -1], dtype=torch.int64, device=device), p=0.5)"
    )
    assert fill_in("{0}[{index}]", ("x",), {"index": Index((ALL, 1))}) == "x[:, 1]"


def program(operation, *shapes, **arguments):
    builder = ProgramBuilder([Input(contiguous(tuple(range(math.prod(shape))), shape)) for shape in shapes])
    builder.apply(operation, *map(Value, range(len(shapes))), arguments=arguments)
    return builder.program(contiguous((1.0,), (1,)))


@pytest.mark.parametrize("entries", KEYS, ids=str)
def test_json_gives_back_programs_with_indices(entries):
    original = program("advanced_indexing", (3, 4, 5), index=Index(entries))
    assert from_json(to_json(original)) == original


@pytest.mark.parametrize("index", TENSORS, ids=str)
def test_json_gives_back_programs_with_index_tensors(index):
    original = program("take", (3, 4), index=index)
    came = from_json(to_json(original))
    assert came == original
    (argument,) = came.applications[0].arguments.values()
    assert argument.is_mask == index.is_mask
    assert argument.source == index.source


@pytest.mark.parametrize("argument", [math.inf, 2, 2.5, True, False, None, (0, -1), (), (1,), "ij,j->i"], ids=str)
def test_json_gives_back_arguments_of_every_kind(argument):
    original = program("vector_norm", (3,), ord=argument)
    (came,) = from_json(to_json(original)).applications[0].arguments.values()
    assert came == argument
    assert type(came) is type(argument)


def test_json_gives_back_every_operation():
    for name in OPERATIONS:
        for original in sample(random_programs(dtype="bfloat16", featured=name, max_operations=1), count=2):
            text = to_json(original)
            assert from_json(text) == original
            assert from_json(json.dumps(json.loads(text))) == original


def test_equal_indices_are_equal_and_have_one_hash():
    assert Index((ALL, TENSORS[0])) == Index((Slice(None, None, None), IndexTensor((3,), (0, 2, -1))))
    assert len({Index((ALL,)), Index((ALL,)), Index((ALL, 1))}) == 2
