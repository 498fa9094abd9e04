"""Findings are cut down to what matters."""

from __future__ import annotations

import numpy as np

from oracle.enclosure import enclosure
from oracle.finding import Finding
from oracle.program import Input, Output, Program, ProgramBuilder, Value
from oracle.route import ROUTES, Answer
from oracle.simpler import simpler_programs, without_dead_code
from oracle.target import CPU
from oracle.verdict import WrongKind
from strategies.random_programs import random_programs
from strategies.samples import sample
from tests.gate.judge import Judge
from tests.gate.record import Record
from tests.gate.wrong_answer import WrongAnswer
from tests.suite.examples import contiguous


def winding():
    """Z = exp(sin(x0)·x1), beside a sum that nobody needs."""
    builder = ProgramBuilder([Input(contiguous((0.5, 1.0), (2,))), Input(contiguous((2.0, -1.0), (2,)))])
    sine = builder.apply("sin", Value(0))
    builder.apply("sum", sine)
    product = builder.apply("mul", sine, Value(1))
    builder.apply("exp", product)
    return builder.program(contiguous((1.0, -2.0), (2,)))


def test_dead_code_goes_and_the_rest_keeps_its_meaning():
    program = winding()
    cut = without_dead_code(program)
    assert [each.operation for each in cut.applications] == ["sin", "mul", "exp"]
    before, after = enclosure(program), enclosure(cut)
    for index, ball in before.gradients.items():
        assert np.array_equal(ball.midpoint, after.gradients[index].midpoint)


def test_inputs_that_nothing_uses_go():
    builder = ProgramBuilder([Input(contiguous((1.0,), ())), Input(contiguous((2.0,), ()))])
    builder.apply("exp", Value(1))
    assert without_dead_code(builder.program()).inputs == (Input(contiguous((2.0,), ())),)


def test_simpler_programs_are_programs_that_torch_runs():
    for program in sample(random_programs(dtype="float64"), count=60):
        for simpler in simpler_programs(program):
            assert isinstance(simpler, Program)
            ROUTES["autograd.grad"](simpler, "cpu")


def test_a_wrong_operation_is_all_that_remains(monkeypatch):
    def wrong(program, device):
        answer = ROUTES["autograd.grad"](program, device)
        wrong_now = any(each.operation == "mul" for each in program.applications)
        factor = 1 + 1e-6 * wrong_now
        return Answer(answer.outputs, {index: each * factor for index, each in answer.gradients.items()})

    monkeypatch.setitem(ROUTES, "backward", wrong)
    judge = Judge(Record("test", "cpu", "float64"))
    builder = ProgramBuilder([Input(contiguous((0.5, 1.0), (2,))), Input(contiguous((2.0, -1.0), (2,)))])
    product = builder.apply("mul", builder.apply("sin", Value(0)), Value(1))
    value = builder.apply("tanh", builder.apply("exp", product))
    other = builder.apply("sigmoid", Value(1))
    outputs = (Output(value, contiguous((1.0, -2.0), (2,))), Output(other, contiguous((1.0, 1.0), (2,))))
    try:
        judge.enclosed(Program(builder.inputs, tuple(builder.applications), outputs))
    except WrongAnswer as error:
        finding = error.smallest()
    assert isinstance(finding, Finding)
    assert [each.operation for each in finding.program.applications] == ["mul"]


def test_a_finding_that_cannot_be_simplified_stays():
    builder = ProgramBuilder([Input(contiguous((1.0,), ()))])
    builder.apply("exp", Value(0))
    finding = Finding(builder.program(), CPU, "backward", "enclosure", WrongKind(0, "no gradient", "a gradient"))
    assert WrongAnswer(finding, lambda program: None).smallest() == finding
