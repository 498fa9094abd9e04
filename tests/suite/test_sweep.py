"""The sweep asks at every number, counts right, and notices a wrong gradient at a single one."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from oracle import known_issues, route
from oracle.functions import QUAD
from oracle.known_issue import KnownIssue
from oracle.known_issues import is_undrawable
from oracle.known_issues import known_issues as entries
from oracle.number_format import NUMBER_FORMATS
from oracle.operations import OPERATIONS
from oracle.reference import Span
from oracle.route import ROUTES, Answer
from oracle.sweep import SIXTEEN_BIT, accuracy, finite_numbers, inputs, swept, swept_operations
from tests.gate.accuracy import judged_sweep
from tests.gate.judge import Judge
from tests.gate.record import Record
from tests.suite.processes import python


@pytest.mark.parametrize("dtype", SIXTEEN_BIT)
def test_the_numbers_are_all_of_the_format(dtype):
    number_format = NUMBER_FORMATS[dtype]
    numbers = finite_numbers(dtype)
    exponents = number_format.maximum_exponent - number_format.minimum_exponent + 2
    assert len(numbers) == 2 * exponents * 2 ** (number_format.precision - 1)
    assert number_format.contains(numbers)
    assert (np.diff(numbers) >= 0).all()
    assert len(np.unique(numbers)) == len(numbers) - 1
    assert numbers[-1] == -numbers[0] == number_format.largest


@pytest.mark.parametrize("dtype", SIXTEEN_BIT)
def test_stride_1_asks_at_every_number_of_the_domain(dtype):
    numbers = finite_numbers(dtype)
    assert np.array_equal(inputs(OPERATIONS["tanh"], dtype, 1), numbers)
    assert np.array_equal(inputs(OPERATIONS["logit"], dtype, 1), numbers[(numbers > 0) & (numbers < 1)])


def test_every_stride_asks_at_the_special_numbers():
    points = set(inputs(OPERATIONS["hardswish"], "float16", 10_000).tolist())
    assert len(points) < 60
    assert {
        3.0,
        3 - 2**-9,
        3 + 2**-9,
        -3.0,
        0.0,
        2**-24,
        -(2**-24),
        2**-14,
        2**-14 - 2**-24,
        1.0,
        65504,
        -65504,
    } <= points
    points = inputs(OPERATIONS["log"], "bfloat16", 10_000)
    assert (points[0], points[-1]) == (2.0**-133, NUMBER_FORMATS["bfloat16"].largest)


def test_elementwise_operations_of_one_operand_are_swept():
    names = {operation.name for operation in swept_operations()}
    assert {
        "exp",
        "sinc",
        "gelu",
        "gelu_tanh",
        "elu",
        "celu",
        "leaky_relu",
        "hardtanh",
        "softplus",
        "softshrink",
    } <= names
    assert not {"div", "maximum", "sum", "lerp"} & names


def test_accuracy_of_a_case_made_by_hand():
    # float16: the spacing is 2^-9 at 2 and 3, 2^-10 at 1; 2^-15 is no normal number, and 2^16 is out of range.
    points = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9])
    due = np.array([1.0, 2, 3, 4, 5, 6, 2.0**-15, 2.0**16, 0])
    came = np.array([1 + 2.0**-10, 2 + 3 * 2.0**-9, 3, np.inf, np.nan, 0, 0, np.inf, 2.0**-24])
    exact = Span(due.astype(QUAD), due.astype(QUAD))
    found = accuracy(points, came, exact, NUMBER_FORMATS["float16"])
    errors = [1, 3, 0, 6 / 2.0**-8, 2.0**-15 / 2.0**-24, 1]
    assert found.compared == len(errors)
    assert found.maximal_ulp == 6 / 2.0**-8
    assert found.mean_ulp == sum(errors) / len(errors)
    assert found.worst_input == 6
    assert (found.zero, found.infinite, found.nan) == (1, 1, 1)


def test_accuracy_at_kinks_is_the_distance_from_all_that_is_right():
    exact = Span(np.array([-1.0, 0.0, 1.0]).astype(QUAD), np.array([1.0, 1.0, 2.0]).astype(QUAD))
    found = accuracy(np.array([1.0, 2, 3]), np.array([0.0, 1.5, 0.0]), exact, NUMBER_FORMATS["float16"])
    assert (found.maximal_ulp, found.worst_input) == (2.0**10, 3)
    # 0 is right at the first, and wrong at the last, where all that is right is normal.
    assert found.zero == 1


def judge() -> Judge:
    return Judge(Record("sweep", "cpu", "bfloat16"))


def test_a_right_operation_is_right():
    by = judge()
    row, wrong = judged_sweep(by, OPERATIONS["softplus"], 61)
    assert wrong == []
    assert row["operation"] == "softplus"
    assert row["gradient"]["maximal_ulp"] < 1
    assert by.record.comparisons == 2 * row["inputs"] == 2 * by.record.elements
    assert 0 < by.record.worst <= 1


def test_a_gradient_that_is_wrong_at_one_input_is_noticed(monkeypatch):
    points = inputs(OPERATIONS["softplus"], "bfloat16", 61)
    place = int(np.argmax(points >= 1.5))
    ask = ROUTES["backward"]

    def planted(program, device) -> Answer:
        answer = ask(program, device)
        answer.gradients[0][place] *= 1 + 2.0**-5
        return answer

    monkeypatch.setitem(ROUTES, "backward", planted)
    row, (wrong,) = judged_sweep(judge(), OPERATIONS["softplus"], 61)
    assert f"softplus: gradient at {float(points[place])!r}: came" in wrong
    assert row["gradient"]["worst_input"] == points[place]
    assert row["gradient"]["maximal_ulp"] > 2


def test_an_operation_that_raises_or_gives_nothing_is_wrong(monkeypatch):
    def refusing(*_) -> Answer:
        raise RuntimeError("not today")

    monkeypatch.setitem(ROUTES, "backward", refusing)
    assert judged_sweep(judge(), OPERATIONS["exp"], 997) == (None, ["  exp: raised RuntimeError: not today"])
    monkeypatch.undo()
    monkeypatch.setattr(route, "to_numpy", refusing)
    assert judged_sweep(judge(), OPERATIONS["exp"], 997) == (None, ["  exp: raised RuntimeError: not today"])
    monkeypatch.undo()
    due = swept(OPERATIONS["exp"], "bfloat16", 997)
    monkeypatch.setitem(ROUTES, "backward", lambda *_: Answer([due_tensor(due)], {0: None}))
    row, (wrong,) = judged_sweep(judge(), OPERATIONS["exp"], 997)
    assert row is None
    assert "no gradient" in wrong


def due_tensor(due):
    import torch

    return torch.exp(torch.tensor(due.points.tolist(), dtype=torch.bfloat16))


def test_known_issues_excuse_operations_in_their_dtypes(monkeypatch):
    def present(*issues):
        monkeypatch.setattr(known_issues, "issues_at", lambda target: issues)
        # What is kept of the issues that are there.
        monkeypatch.setattr(known_issues, "undrawn_issues", known_issues.undrawn_issues.__wrapped__)

    issue = KnownIssue("n", "wrong", "r", operations=("asinh",), dtypes=("float16",))
    present(issue)
    assert is_undrawable("asinh", "float16")
    assert not is_undrawable("asinh", "bfloat16")
    assert not is_undrawable("exp", "float16")
    monkeypatch.undo()
    present(replace(issue, arguments={"dim": 0}), replace(issue, range=True))
    assert not is_undrawable("asinh", "float16")


def test_known_issues_name_dtypes_that_exist():
    for issue in entries():
        assert set(issue.dtypes) <= set(NUMBER_FORMATS)
        assert not issue.dtypes or issue.operations


def run(pytestconfig, folder, *options):
    return python(
        "-m", "pytest", "tests/properties/test_sixteen_bit_sweep.py", "--device", "cpu",
        "--hypothesis-profile", "dev", f"--reports={folder}", *options,
        folder=pytestconfig.rootpath,
    )  # fmt: skip


def test_the_report_has_a_row_for_each_operation(pytestconfig, tmp_path):
    run_ = run(pytestconfig, tmp_path, "--dtype", "float64,bfloat16")
    assert str(tmp_path / "accuracy.json") in run_.stdout
    rows = json.loads((tmp_path / "accuracy.json").read_text())["operations"]
    assert [row["operation"] for row in rows] == [operation.name for operation in swept_operations()]
    assert f"{len(rows)} passed" in run_.stdout
    assert {(row["dtype"], row["device"], row["stride"]) for row in rows} == {("bfloat16", "cpu", 307)}
    assert not (tmp_path / "accuracy.json.part").exists()


def test_other_dtypes_are_not_swept(pytestconfig, tmp_path):
    run_ = run(pytestconfig, tmp_path, "--dtype", "float64")
    assert run_.returncode == pytest.ExitCode.OK, run_.stdout
    assert "1 skipped" in run_.stdout
    assert not (tmp_path / "accuracy.json").exists()
