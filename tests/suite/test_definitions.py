"""Definitions against what NumPy, or plain counting, says of a few concrete numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy

from oracle.index import Index, IndexTensor, Slice
from oracle.operations import FAMILIES
from tests.suite.definitions import defined

ROW = np.array([3.0, -1.0, 4.0, 1.5, -5.0])
MATRIX = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
CUBE = np.array([[[2.0, -3.0], [5.0, 7.0], [0.5, 1.0]], [[-1.0, 4.0], [6.0, -2.0], [8.0, 9.0]]])
ALL = Slice(None, None, None)


def indices(*values, shape=None):
    return IndexTensor(shape or (len(values),), values)


def mask(*values, shape=None):
    return IndexTensor(shape or (len(values),), tuple(map(bool, values)))


M = MATRIX.tolist()
CASES = [
    # Structure
    ("reshape", (MATRIX,), {"shape": (3, -1)}, [[1, -2], [3, 4], [5, -6]]),
    ("permute", (CUBE,), {"dims": (2, 0, 1)}, [[[2, 5, 0.5], [-1, 6, 8]], [[-3, 7, 1], [4, -2, 9]]]),
    ("transpose", (MATRIX,), {"dim0": 0, "dim1": -1}, [[1, 4], [-2, 5], [3, -6]]),
    ("movedim", (CUBE,), {"source": 0, "destination": 2}, [[[2, -1], [-3, 4]], [[5, 6], [7, -2]], [[0.5, 8], [1, 9]]]),
    ("expand", (ROW[:2],), {"size": (2, -1)}, [[3, -1], [3, -1]]),
    ("repeat", (ROW[:2],), {"repeats": (2, 2)}, [[3, -1, 3, -1]] * 2),
    ("squeeze", (MATRIX[:1],), {"dim": 0}, [1, -2, 3]),
    ("squeeze", (MATRIX,), {"dim": 0}, M),
    ("unsqueeze", (ROW[:2],), {"axis": -1}, [[3], [-1]]),
    ("flatten", (CUBE,), {"start_dim": 1}, [[2, -3, 5, 7, 0.5, 1], [-1, 4, 6, -2, 8, 9]]),
    ("flatten", (np.array(2.0),), {}, [2]),
    ("unflatten", (ROW[:4],), {"dim": 0, "sizes": (2, 2)}, [[3, -1], [4, 1.5]]),
    ("select", (MATRIX,), {"dim": 1, "index": -1}, [3, -6]),
    ("narrow", (ROW,), {"dim": 0, "start": 1, "length": 3}, [-1, 4, 1.5]),
    ("slicing", (ROW,), {"index": Index((Slice(-4, None, 2),))}, [-1, 1.5]),
    ("slicing", (MATRIX,), {"index": Index((ALL, None, 1))}, [[-2], [5]]),
    ("diagonal", (MATRIX,), {"offset": 1}, [-2, -6]),
    ("flip", (MATRIX,), {"dims": (1,)}, [[3, -2, 1], [-6, 5, 4]]),
    ("roll", (ROW,), {"shifts": 2}, [1.5, -5, 3, -1, 4]),
    ("roll", (MATRIX,), {"shifts": (1, -1), "dims": (0, 1)}, [[5, -6, 4], [-2, 3, 1]]),
    ("rot90", (MATRIX,), {"k": 1, "dims": (0, 1)}, [[3, -6], [-2, 5], [1, 4]]),
    ("unfold", (ROW,), {"dimension": 0, "size": 2, "step": 2}, [[3, -1], [4, 1.5]]),
    ("repeat_interleave", (ROW[:2],), {"repeats": 2}, [3, 3, -1, -1]),
    ("repeat_interleave", (ROW[:3],), {"repeats": indices(1, 0, 2), "dim": 0}, [3, 4, 4]),
    ("matrix_transpose", (CUBE,), {}, [[[2, 5, 0.5], [-3, 7, 1]], [[-1, 6, 8], [4, -2, 9]]]),
    ("contiguous", (MATRIX,), {}, M),
    ("clone", (MATRIX,), {}, M),
    ("diag", (ROW[:2],), {"diagonal": -1}, [[0, 0, 0], [3, 0, 0], [0, -1, 0]]),
    ("diag", (MATRIX,), {"diagonal": 1}, [-2, -6]),
    ("tril", (MATRIX,), {}, [[1, 0, 0], [4, 5, 0]]),
    ("triu", (MATRIX,), {"diagonal": 1}, [[0, -2, 3], [0, 0, -6]]),
    ("constant_pad", (MATRIX,), {"pad": (1, 0, 0, 1)}, [[0, 1, -2, 3], [0, 4, 5, -6], [0, 0, 0, 0]]),
    ("constant_pad", (ROW,), {"pad": (-1, 1)}, [-1, 4, 1.5, -5, 0]),
    ("reflect_pad", (ROW.reshape(1, 5),), {"pad": (2, 1)}, [[4, -1, 3, -1, 4, 1.5, -5, 1.5]]),
    ("replicate_pad", (ROW.reshape(1, 5),), {"pad": (2, 1)}, [[3, 3, 3, -1, 4, 1.5, -5, -5]]),
    ("circular_pad", (ROW.reshape(1, 5),), {"pad": (2, 1)}, [[1.5, -5, 3, -1, 4, 1.5, -5, 3]]),
    ("split", (ROW,), {"sizes": 2, "dim": 0}, [[3, -1], [4, 1.5], [-5]]),
    ("split", (ROW,), {"sizes": (1, 4), "dim": 0}, [[3], [-1, 4, 1.5, -5]]),
    ("chunk", (ROW,), {"chunks": 4, "dim": 0}, [[3, -1], [4, 1.5], [-5]]),
    ("unbind", (MATRIX,), {"dim": 1}, [[1, 4], [-2, 5], [3, -6]]),
    ("tensor_split", (ROW,), {"sections": 3, "dim": 0}, [[3, -1], [4, 1.5], [-5]]),
    ("tensor_split", (ROW,), {"sections": (2,), "dim": 0}, [[3, -1], [4, 1.5, -5]]),
    ("cat", (MATRIX, MATRIX[:, :1]), {"dim": 1}, [[1, -2, 3, 1], [4, 5, -6, 4]]),
    ("stack", (ROW[:2], ROW[2:4]), {"dim": -1}, [[3, 4], [-1, 1.5]]),
    # Indexing
    ("advanced_indexing", (MATRIX,), {"index": Index((ALL, indices(2, 0, -1)))}, [[3, 1, 3], [-6, 4, -6]]),
    ("advanced_indexing", (MATRIX,), {"index": Index((mask(0, 1),))}, [[4, 5, -6]]),
    ("advanced_indexing", (CUBE,), {"index": Index((indices(0, 1), ALL, indices(1, 0)))}, [[-3, 7, 1], [-1, 6, 8]]),
    ("index_select", (MATRIX,), {"dim": 1, "index": indices(2, 2)}, [[3, 3], [-6, -6]]),
    ("gather", (MATRIX,), {"dim": 1, "index": indices(0, 2, 1, 1, shape=(2, 2))}, [[1, 3], [5, 5]]),
    ("take_along_dim", (MATRIX,), {"dim": 0, "indices": indices(1, 0, 1, shape=(1, 3))}, [[4, -2, -6]]),
    ("take", (MATRIX,), {"index": indices(5, 0)}, [-6, 1]),
    ("masked_select", (MATRIX,), {"mask": mask(0, 1, 0, 1, 0, 0, shape=(2, 3))}, [-2, 4]),
    ("where", (ROW[:3], ROW[2:]), {"mask": mask(1, 0, 1)}, [3, 1.5, 4]),
    ("masked_fill", (ROW[:3], 7.0), {"mask": mask(0, 1, 1)}, [3, 7, 7]),
    ("scatter", (ROW, ROW[:2]), {"dim": 0, "index": indices(4, 1)}, [3, -1, 4, 1.5, 3]),
    ("scatter_add", (ROW, ROW[:3]), {"dim": 0, "index": indices(4, 1, 4)}, [3, -2, 4, 1.5, 2]),
    ("scatter_reduce_sum", (ROW, ROW[:3]), {"dim": 0, "index": indices(4, 1, 4)}, [3, -2, 4, 1.5, 2]),
    (
        "scatter_reduce_sum",
        (ROW, ROW[:3]),
        {"dim": 0, "index": indices(4, 1, 4), "include_self": False},
        [3, -1, 4, 1.5, 7],
    ),
    ("scatter_reduce_mean", (ROW, ROW[:3]), {"dim": 0, "index": indices(4, 1, 4)}, [3, -1, 4, 1.5, 2 / 3]),
    (
        "scatter_reduce_mean",
        (ROW, ROW[:3]),
        {"dim": 0, "index": indices(4, 1, 4), "include_self": False},
        [3, -1, 4, 1.5, 3.5],
    ),
    ("scatter_reduce_prod", (ROW, ROW[:3]), {"dim": 0, "index": indices(4, 1, 4)}, [3, 1, 4, 1.5, -60]),
    ("scatter_reduce_amax", (ROW, ROW[:3]), {"dim": 0, "index": indices(4, 1, 4)}, [3, -1, 4, 1.5, 4]),
    (
        "scatter_reduce_amin",
        (ROW, ROW[:3]),
        {"dim": 0, "index": indices(4, 0, 4), "include_self": False},
        [-1, -1, 4, 1.5, 3],
    ),
    ("index_add", (ROW, ROW[:2]), {"dim": 0, "index": indices(2, 2), "alpha": 2.0}, [3, -1, 8, 1.5, -5]),
    ("index_copy", (ROW, ROW[:2]), {"dim": 0, "index": indices(2, 0)}, [-1, -1, 3, 1.5, -5]),
    ("index_fill", (MATRIX, 7.0), {"dim": 1, "index": indices(1, 1)}, [[1, 7, 3], [4, 7, -6]]),
    ("index_put", (MATRIX, ROW[:3].reshape(1, 3)), {"index": Index((indices(-1),))}, [M[0], [3, -1, 4]]),
    ("index_put_accumulate", (ROW, ROW[:3]), {"index": Index((indices(0, 0, -1),))}, [5, -1, 4, 1.5, -1]),
    # Products
    ("mm", (MATRIX, MATRIX.T), {}, [[14, -24], [-24, 77]]),
    ("bmm", (CUBE[:, :1], CUBE[:, 1:]), {}, [[[8.5, 11]], [[26, 38]]]),
    ("mv", (MATRIX, ROW[:3]), {}, [17, -17]),
    ("dot", (ROW[:3], ROW[2:]), {}, -9.5),
    ("outer", (ROW[:2], ROW[:3]), {}, [[9, -3, 12], [-3, 1, -4]]),
    ("matmul", (ROW[:2], MATRIX), {}, [-1, -11, 15]),
    ("matmul", (CUBE, ROW[:2]), {}, [[9, 8, 0.5], [-7, 20, 15]]),
    ("addmm", (np.ones((2, 2)), MATRIX, MATRIX.T), {"beta": 2.0, "alpha": -1.0}, [[-12, 26], [26, -75]]),
    ("baddbmm", (np.ones((2, 1, 2)), CUBE[:, :1], CUBE[:, 1:]), {"alpha": 2.0}, [[[18, 23]], [[53, 77]]]),
    ("einsum", (MATRIX, ROW[:3]), {"equation": "ij,j->i"}, [17, -17]),
    ("einsum", (MATRIX[:, :2], ROW[:2]), {"equation": "ii,i->i"}, [3, -5]),
    ("tensordot", (CUBE, MATRIX.T), {"dims": 2}, None),
    ("linear", (ROW[:3], MATRIX, ROW[:2]), {}, [20, -18]),
    ("conv1d", (ROW.reshape(1, 1, 5), np.array([[[1.0, 10.0]]])), {}, [[[-7, 39, 19, -48.5]]]),
    (
        "conv1d",
        (ROW.reshape(1, 1, 5), np.array([[[1.0, 10.0]]]), np.array([100.0])),
        {"stride": (2,), "padding": (1,), "dilation": (2,)},
        [[[90, 114, 101.5]]],
    ),
    ("conv2d", (CUBE.reshape(1, 2, 3, 2), np.array([[[[1.0]]], [[[-2.0]]]])), {"groups": 2}, None),
    # Scans
    ("cumsum", (MATRIX,), {"dim": 1}, [[1, -1, 2], [4, 9, 3]]),
    ("cumsum", (MATRIX,), {"dim": 0}, [[1, -2, 3], [5, 3, -3]]),
    ("cumprod", (MATRIX,), {"dim": -1}, [[1, -2, -6], [4, 20, -120]]),
    ("cummax", (ROW,), {"dim": 0}, [3, 3, 4, 4, 4]),
    ("cummin", (ROW,), {"dim": 0}, [3, -1, -1, -1, -5]),
    # Reductions and selections
    ("sum", (CUBE,), {"dim": (0, -1)}, [2, 16, 18.5]),
    ("sum", (MATRIX,), {"dim": 1, "keepdim": True}, [[2], [3]]),
    ("sum", (MATRIX,), {"dim": ()}, 5),
    ("nansum", (MATRIX,), {}, 5),
    ("mean", (MATRIX,), {"dim": 1}, [2 / 3, 1]),
    ("prod", (MATRIX,), {"dim": 0}, [4, -10, -18]),
    ("amax", (MATRIX,), {"dim": (0, 1)}, 5),
    ("amin", (MATRIX,), {"dim": 0}, [1, -2, -6]),
    ("var", (MATRIX,), {"dim": 1}, [19 / 3, 37]),
    ("var", (MATRIX,), {"dim": 1, "correction": 0}, [38 / 9, 74 / 3]),
    ("std", (ROW[:2],), {}, math.sqrt(8)),
    ("max_with_indices", (MATRIX,), {"dim": 1}, [3, 5]),
    ("min_with_indices", (MATRIX,), {"dim": 0}, [1, -2, -6]),
    ("median_with_indices", (MATRIX,), {"dim": 0}, [1, -2, -6]),
    ("whole_max", (MATRIX,), {}, 5),
    ("whole_min", (MATRIX,), {}, -6),
    ("whole_median", (MATRIX,), {}, 1),
    ("kthvalue", (ROW,), {"k": 2, "dim": 0}, -1),
    ("sort", (ROW,), {"dim": 0, "descending": True}, [4, 3, 1.5, -1, -5]),
    ("sort", (MATRIX,), {"dim": 0}, [[1, -2, -6], [4, 5, 3]]),
    ("aminmax", (ROW,), {}, [-5, 4]),
    ("var_mean", (ROW[:3],), {}, [7, 2]),
    ("vector_norm", (ROW,), {"ord": 1}, 14.5),
    ("vector_norm", (ROW,), {"ord": float("inf")}, 5),
    ("vector_norm", (ROW[[0, 2]],), {}, 5),
    ("vector_norm", (ROW[:3],), {"ord": 3}, float(sympy.cbrt(92))),
    ("dist", (ROW[:3], ROW[2:]), {"p": 1}, 12.5),
    ("trace", (MATRIX,), {}, 6),
]


@pytest.mark.parametrize(
    ("operation", "operands", "arguments", "due"),
    CASES,
    ids=[f"{number} {case[0]}" for number, case in enumerate(CASES)],
)
def test_definitions_give_what_can_be_counted(operation, operands, arguments, due):
    if operation == "tensordot":
        due = np.einsum("aij,ij->a", operands[0], operands[1])
    if operation == "conv2d":
        due = operands[0] * np.array([1.0, -2.0]).reshape(1, 2, 1, 1)
    several = operation in ("split", "chunk", "unbind", "tensor_split", "aminmax", "var_mean")
    came = defined(operation, *operands, results=len(due) if several else 1, **arguments)
    for result, expected in zip(came if several else [came], due if several else [due], strict=True):
        assert result.shape == np.shape(expected)
        assert np.array_equal(result, expected)


def _exactly(expression):
    """One number, or a matrix of them, of sympy's, rounded to float64."""
    return np.vectorize(lambda each: float(each.evalf(40)))(np.array(expression.tolist()))


EXPONENTIALS = sympy.Matrix(MATRIX.astype(int)).applyfunc(sympy.exp)
SUMS = EXPONENTIALS * sympy.ones(3, 1)
SUMS_OF_ROWS = SUMS * sympy.ones(1, 3)
RUNNING_SUMS = EXPONENTIALS * sympy.Matrix(3, 3, lambda row, column: 1 if row <= column else 0)


@pytest.mark.parametrize(
    ("operation", "due", "moves"),
    [
        (
            "softmax",
            EXPONENTIALS.multiply_elementwise(SUMS_OF_ROWS.applyfunc(lambda each: 1 / each)),
            False,
        ),
        ("log_softmax", EXPONENTIALS.applyfunc(sympy.log) - SUMS_OF_ROWS.applyfunc(sympy.log), False),
        ("logsumexp", SUMS.applyfunc(sympy.log), True),
        ("logcumsumexp", RUNNING_SUMS.applyfunc(sympy.log), True),
    ],
)
def test_exponentials_are_what_is_written(operation, due, moves):
    shape = (2,) if operation == "logsumexp" else (2, 3)
    assert np.array_equal(defined(operation, MATRIX, dim=1), _exactly(due).reshape(shape))
    # Where the exponentials themselves leave the range of float64.
    moved = due + 2000 * sympy.ones(*due.shape) if moves else due
    assert np.array_equal(defined(operation, MATRIX + 2000, dim=1), _exactly(moved).reshape(shape))


def test_every_operation_of_these_families_is_counted():
    counted = {case[0] for case in CASES} | {"softmax", "log_softmax", "logsumexp", "logcumsumexp"}
    families = ("structure", "indexing", "products", "scans", "reductions", "selections")
    assert counted == {operation.name for family in families for operation in FAMILIES[family]}


@pytest.mark.parametrize(
    "operation", ["sum", "mean", "amax", "cumsum", "softmax", "logsumexp", "sort", "median_with_indices"]
)
def test_a_scalar_is_its_own_group(operation):
    arguments = {"dim": 0}
    assert defined(operation, np.array(-2.0), **arguments) == (1 if operation == "softmax" else -2)


def test_the_product_of_nothing_is_1_and_its_sum_is_0():
    empty = np.zeros((2, 0))
    assert defined("prod", empty, dim=1).tolist() == [1, 1]
    assert defined("sum", empty, dim=1).tolist() == [0, 0]
    assert defined("mm", empty, empty.T).tolist() == [[0, 0], [0, 0]]
