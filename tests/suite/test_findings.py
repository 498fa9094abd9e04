"""Findings: what a person reads, and reproducers that exit 1 with the fault present and 0 without."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from oracle.enclosure import enclosure
from oracle.finding import Broken, Finding, exact_decimal, triangulate
from oracle.laws import BOOKKEEPING, LINEARITY, nothing_is_overwritten
from oracle.operations import OPERATIONS
from oracle.operations.operation import Operation
from oracle.program import Input, ProgramBuilder, Value
from oracle.route import ROUTES, read, read_answer
from oracle.target import CPU
from oracle.tensor import Fill, Layout, TensorSpec
from oracle.verdict import Mismatch, Raised, WrongKind, enclosed, judge
from tests.suite.examples import broadcast_product, notebook_polynomial, reduction
from tests.suite.processes import WITH_PLANTED_FAULT, python


def run(script, tmp_path, pytestconfig, *, planted=False):
    """Run ``script`` in a fresh process: alone, in a folder of its own, or with the planted fault."""
    path = tmp_path / "reproducer.py"
    path.write_text(script, encoding="utf-8")
    if planted:
        return python(*WITH_PLANTED_FAULT, path, folder=pytestconfig.rootpath)
    return python("-I", path, folder=tmp_path)


def wrong_in_second(program, route="backward"):
    """A finding as the planted fault makes it: the gradient by x1 too large by 1e-12."""
    answer = ROUTES[route](program, "cpu")
    gradients = {**answer.gradients, 1: answer.gradients[1] * (1 + 1e-12)}
    (mismatch,) = judge(program, read(replace(answer, gradients=gradients)), enclosed(program)).wrong
    return Finding(program, CPU, route, "enclosure", mismatch)


def laid_out(program, index, layout, values=None):
    tensor = program.inputs[index].tensor
    spec = TensorSpec(tensor.shape, layout, tensor.dtype, tensor.values if values is None else values)
    inputs = tuple(replace(each, tensor=spec) if place == index else each for place, each in enumerate(program.inputs))
    return replace(program, inputs=inputs)


PROGRAMS = {
    "contiguous": broadcast_product(),
    "transposed": laid_out(broadcast_product(), 0, Layout((1, 0), (0, 0), (1, 1))),
    "sliced": laid_out(broadcast_product(), 1, Layout((0,), (2,), (3,))),
    "expanded": laid_out(broadcast_product(), 1, Layout((0,), (0,), (1,), (0,)), (7.0,)),
    "filled": laid_out(broadcast_product(), 0, Layout((1, 0), (1, 0), (2, 1)), Fill(3, 20, -18)),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", PROGRAMS)
def test_reproducers_exit_1_with_the_fault_and_0_without(kind, route, tmp_path, pytestconfig):
    script = wrong_in_second(PROGRAMS[kind], route).script
    without = run(script, tmp_path, pytestconfig)
    assert (without.returncode, without.stderr) == (0, "")
    with_fault = run(script, tmp_path, pytestconfig, planted=True)
    assert (with_fault.returncode, with_fault.stderr) == (1, "")
    assert "came" in with_fault.stdout
    assert "due" in with_fault.stdout


def test_reproducers_need_nothing_but_torch():
    script = wrong_in_second(broadcast_product()).script
    imports = {line.split()[1] for line in script.splitlines() if line.startswith(("import ", "from "))}
    assert imports == {"__future__", "math", "torch"}


def test_a_reproducer_of_a_wrong_output(tmp_path, pytestconfig):
    program = broadcast_product()
    right = Mismatch(None, (1, 2), 54.0, Fraction(54), 1e-14, 2.0**-47)
    assert run(Finding(program, CPU, "backward", "exact", right).script, tmp_path, pytestconfig).returncode == 0
    wrong = replace(right, due=Fraction(55))
    assert run(Finding(program, CPU, "backward", "exact", wrong).script, tmp_path, pytestconfig).returncode == 1


@pytest.mark.parametrize(
    ("due", "status"),
    [
        ("shape (3,), float64, on cpu", 0),
        ("shape (1, 3), float64, on cpu", 1),
        ("a gradient", 0),
        ("no gradient", 1),
    ],
)
def test_reproducers_of_wrong_kinds(due, status, tmp_path, pytestconfig):
    finding = Finding(broadcast_product(), CPU, "backward", "exact", WrongKind(1, "something else", due))
    assert run(finding.script, tmp_path, pytestconfig).returncode == status
    assert "something else" in finding.message


RAISED = Raised("IndexError: no such axis", "asked")


@pytest.mark.parametrize("route", ROUTES)
def test_reproducers_of_exceptions(route, tmp_path, pytestconfig):
    program = reduction("sum", (1.0, 2.0), (2,), dim=5)
    result = run(Finding(program, CPU, route, "exact", RAISED).script, tmp_path, pytestconfig)
    assert result.returncode == 1
    assert "raised IndexError" in result.stdout
    frozen = replace(broadcast_product().inputs[0], requires_grad=False)
    right = replace(broadcast_product(), inputs=(frozen, broadcast_product().inputs[1]))
    result = run(Finding(right, CPU, route, "exact", RAISED).script, tmp_path, pytestconfig)
    assert (result.returncode, result.stdout) == (0, "nothing was raised\n")


@pytest.mark.parametrize("route", ROUTES)
def test_reproducers_of_exceptions_read_every_output_and_gradient(route, tmp_path, pytestconfig):
    script = Finding(broadcast_product(), CPU, route, "exact", RAISED).script
    script = script.replace("result.detach()", "print(tuple(result.shape)); result.detach()")
    result = run(script, tmp_path, pytestconfig)
    assert result.stdout.splitlines() == ["(2, 3)", "(2, 3)", "(3,)", "nothing was raised"]


def test_an_exception_has_a_headline_of_its_own_and_says_when_it_came():
    for moment, words in (("asked", "raised while PyTorch was asked"), ("read", "raised while its answer was read")):
        raised = Finding(broadcast_product(), CPU, "backward", "enclosure", replace(RAISED, moment=moment))
        headline = "An exception instead of an answer, float64 on cpu, asked by backward (enclosure tier):"
        assert raised.message.splitlines()[0] == headline
        assert f"  {words}\n    came   IndexError: no such axis" in raised.message


def test_every_finding_says_of_what_kind_it_is():
    def kind(wrong):
        return Finding(broadcast_product(), CPU, "backward", "exact", wrong).entry(None)["kind"]

    assert kind(Mismatch(None, (1, 2), 54.0, Fraction(55), 1e-14, 2.0**-47)) == "wrong"
    assert kind(WrongKind(1, "no gradient", "a gradient")) == "wrong"
    assert kind(RAISED) == "raises"
    assert kind(Broken(nothing_is_overwritten, "broken")) == "law"


@pytest.mark.parametrize("law", BOOKKEEPING + LINEARITY, ids=lambda law: law.__name__)
def test_reproducers_of_laws(law, tmp_path, pytestconfig):
    finding = Finding(broadcast_product(), CPU, law.__name__, "law", Broken(law, "broken"))
    result = run(finding.script, tmp_path, pytestconfig)
    assert (result.returncode, result.stdout) == (0, "the law holds\n")


def test_a_reproducer_of_a_broken_law(tmp_path, pytestconfig):
    script = Finding(broadcast_product(), CPU, "law", "law", Broken(nothing_is_overwritten, "broken")).script
    asked = "torch.autograd.backward(outputs, gradients)"
    broken = script.replace(asked, f"{asked}; gradients[0].zero_()")
    result = run(broken, tmp_path, pytestconfig)
    assert (result.returncode, result.stdout) == (1, "backward changed the storage of cotangent 0\n")


def test_a_message_says_all_that_is_known():
    message = " ".join(wrong_in_second(broadcast_product()).message.split())
    for words in (
        "Wrong gradient, float64 on cpu, asked by backward (enclosure tier)",
        "z = x0·x1",
        "x0: float64 2×3, contiguous: 1, 2, 3, 4, 5, 6",
        "cotangent: float64 2×3, contiguous: 1, -2, 3, -1, 2, 2",
        "the gradient of x1, element (2,)",
        "came 21.00000000002",
        "due 21",
        "ulp",
        "radii",
        "PyTorch's gradient stands alone: sympy and the enclosure agree",
        "finite differences of PyTorch's own forward give",
    ):
        assert words in message


def mismatch(program, came):
    """The verdict on ``came`` for the first element of the gradient by the first input."""
    ball = enclosure(program).gradients[0]
    due = judge(program, read_answer(program, CPU, "backward"), enclosed(program))
    assert due.wrong == ()
    midpoint = Fraction(float(ball.midpoint.ravel()[0].astype(float) if ball.shape else ball.midpoint.astype(float)))
    return Mismatch(0, (0,) * len(ball.shape), came, midpoint, float(ball.radius.ravel()[0]), 1e-16)


def test_triangulation_when_pytorchs_gradient_is_wrong():
    program = notebook_polynomial()
    assert triangulate(program, mismatch(program, 186.0), CPU).startswith("PyTorch's gradient stands alone")
    assert "too coarse to tell" in triangulate(program, mismatch(program, 93 * (1 + 1e-12)), CPU)
    assert triangulate(program, mismatch(program, float("nan")), CPU).startswith("PyTorch's gradient stands alone")


def test_triangulation_when_the_definition_is_wrong(monkeypatch):
    program = notebook_polynomial()
    right = OPERATIONS["pow"]
    wrong = Operation("pow", right.spellings, lambda a, exponent: a**exponent * 2, right.notation, right.precedence)
    monkeypatch.setitem(OPERATIONS, "pow", wrong)
    due = Fraction(float(enclosure(program).gradients[0].midpoint.astype(float)))
    assert triangulate(program, Mismatch(0, (), 93.0, due, 1e-13, 1e-14), CPU).startswith("The definition stands alone")


def test_triangulation_where_the_function_waves_within_a_step():
    def number(value):
        return TensorSpec((), Layout.contiguous(0), "float64", (value,))

    builder = ProgramBuilder([Input(number(-527765581332480.0))])
    builder.apply("cos", Value(0))
    said = triangulate(builder.program(number(-2.0)), Mismatch(0, (), -0.84, Fraction(1), 1e-13, 1e-14), CPU)
    assert said.startswith("PyTorch's gradient stands against the enclosure")
    assert "too coarse to tell" in said


def test_triangulation_when_the_oracles_differ():
    program = notebook_polynomial()
    assert "fault of the suite" in triangulate(program, Mismatch(0, (), 93.0, Fraction(94), 1e-13, 1e-14), CPU)


def test_triangulation_of_an_output():
    program = notebook_polynomial()
    assert "forward differs" in triangulate(program, Mismatch(None, (), 64.0, Fraction(63), 0.0, 1e-14), CPU)


def test_the_same_finding_has_the_same_name():
    assert wrong_in_second(broadcast_product()).identifier == wrong_in_second(broadcast_product()).identifier
    names = {wrong_in_second(program, route).identifier for program in PROGRAMS.values() for route in ROUTES}
    assert len(names) == len(PROGRAMS) * len(ROUTES)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(93), "93"),
        (Fraction(-3, 8), "-0.375"),
        (Fraction(1, 3), "about 0.33333333333333333333 (exactly 1/3)"),
        (Fraction(2) ** 200, "about 1.6069380442589902755e+60"),
    ],
)
def test_due_values_are_exact_where_that_is_short(value, text):
    assert exact_decimal(value) == text
