"""Targets: how they are written, what they set, and that they leave no trace."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from oracle.arithmetic import USUAL
from oracle.finding import Finding
from oracle.finite_difference import finite_difference, signed_direction
from oracle.measured_arithmetic import device_arithmetic
from oracle.program import Input, ProgramBuilder, Value
from oracle.route import read_answer, to_numpy
from oracle.target import CPU, SETTINGS, Target, listed_targets
from oracle.verdict import WrongKind, enclosed, judge
from tests.gate.judge import Judge
from tests.gate.record import Record
from tests.suite.examples import broadcast_product, contiguous
from tests.suite.processes import python

SUBNORMAL = 2.0**-130
"""A subnormal number of float32."""


@pytest.mark.parametrize("text", ["cpu", "cuda:1", "cpu/onednn=off", "cpu/isa=sse41,capability=default,threads=2"])
def test_targets_are_written_as_they_are_read(text):
    assert str(Target.parse(text)) == text


def test_settings_have_one_order():
    assert Target.parse("cpu/threads=2,onednn=off") == Target.parse("cpu/onednn=off,threads=2")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "write device"),
        ("cpu/", "write device"),
        ("cpu/speed=high", "unknown key 'speed'; choose from onednn, isa"),
        ("cpu/onednn=maybe", "onednn=maybe: choose from on, off"),
        ("cpu/threads=0", "threads=0: give a whole number of at least 1"),
        ("cpu/onednn=off,onednn=on", "onednn is named twice"),
        ("cuda/onednn=off", "only the CPU has code paths, and cuda is none"),
    ],
)
def test_what_is_no_target_is_said(text, words):
    with pytest.raises(ValueError, match=words):
        Target.parse(text)


def test_a_list_of_targets_has_commas_between_targets_and_between_settings():
    listed = listed_targets("cpu/onednn=off,threads=1,cuda:1, cpu,flush=on,cpu,cpu/deterministic=on,cpu")
    named = ["cpu/onednn=off,threads=1", "cuda:1", "cpu/flush=on", "cpu", "cpu/deterministic=on"]
    assert list(map(str, listed)) == named


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cpu,", "give names with commas"),
        ("onednn=off", "onednn=off: write device"),
        ("cpu,cpu/speed=1", "cpu/speed=1: unknown key"),
    ],
)
def test_a_list_with_something_else_is_refused(text, words):
    with pytest.raises(ValueError, match=words):
        listed_targets(text)


def test_a_target_is_within_what_it_names_and_what_is_usual():
    wider = Target.parse("cpu/onednn=off")
    assert Target.parse("cpu/onednn=off,threads=2").is_within(wider)
    assert not CPU.is_within(wider)
    assert wider.is_within(CPU)
    assert CPU.is_within(Target.parse("cpu/onednn=on"))
    assert Target("cuda:1").is_within(Target("cuda"))
    assert not Target("cuda").is_within(CPU)


def test_variables_are_part_of_the_environment_and_of_nothing_else():
    target = Target.parse("cpu/isa=sse41,capability=default,mkl=compatible,threads=2")
    assert target.environment == {
        "ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE",
    }  # fmt: skip


STATED = ("onednn=off", "threads=3", "flush=on", "deterministic=on", "products=bfloat16")


@pytest.mark.parametrize("setting", STATED)
def test_a_target_holds_within_and_not_afterwards(setting):
    key = setting.partition("=")[0]

    def state():
        return eval(SETTINGS[key].state, {"torch": torch})

    before = state()
    target = Target.parse(f"cpu/{setting}")

    def failing():
        with target.applied():
            assert state() == SETTINGS[key].literal(setting.partition("=")[2]) != before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert state() == before
    assert target.not_taken() is None


def test_a_capability_that_is_not_taken_is_said():
    # This process was started without it.
    other = "default" if torch.backends.cpu.get_cpu_capability() != "DEFAULT" else "avx2"
    assert f"capability={other} is not taken" in Target.parse(f"cpu/capability={other}").not_taken()


def test_its_source_does_the_same_in_a_fresh_process(tmp_path):
    target = Target.parse("cpu/capability=default,onednn=off,threads=1,flush=on")
    shown = [f"print({SETTINGS[key].state})" for key in ("onednn", "threads", "flush", "capability")]
    run = python("-c", "\n".join([target.source, *shown]), folder=tmp_path, without=("ATEN_CPU_CAPABILITY",))
    assert run.stdout.split() == ["False", "1", "True", "default"]


def subnormal_product():
    """X times 2 at a subnormal x of float32."""
    builder = ProgramBuilder([Input(contiguous((SUBNORMAL, 1.0), (2,), "float32"))])
    builder.apply("mul", Value(0), 2.0)
    return builder.program(contiguous((1.0, 2.0**-126), (2,), "float32"))


def test_asking_flushes_and_reading_does_not():
    target = Target.parse("cpu/flush=on")
    answer = read_answer(subnormal_product(), target, "backward")
    assert answer.outputs[0].values.tolist() == [0.0, 2.0]
    assert to_numpy(torch.tensor(SUBNORMAL)) == SUBNORMAL
    assert read_answer(subnormal_product(), CPU, "backward").outputs[0].values.tolist() == [2 * SUBNORMAL, 2.0]


def test_flushing_is_measured_and_judged_as_such():
    flushing = device_arithmetic(Target.parse("cpu/flush=on"), "float32")
    assert flushing.flushes_subnormals
    assert not device_arithmetic(CPU, "float32").flushes_subnormals
    program = subnormal_product()
    answer = read_answer(program, Target.parse("cpu/flush=on"), "backward")
    assert judge(program, answer, enclosed(program)).wrong
    assert not judge(program, answer, enclosed(program, flushing)).wrong


def test_truths_of_a_flushing_target_are_computed_without_flushing():
    program = subnormal_product()
    truths = Judge(Record("test", "cpu/flush=on", "float32"))._enclosures(program)
    due = enclosed(program, replace(USUAL, flushes_subnormals=True))
    assert np.array_equal(truths.outputs[0].radius, due.outputs[0].radius)
    assert float(truths.outputs[0].midpoint.astype(float)[0]) == 2 * SUBNORMAL


def test_finite_differences_are_taken_at_the_target():
    builder = ProgramBuilder([Input(contiguous((2.0**-1030, 1.0), (2,)))])
    builder.apply("mul", Value(0), 2.0**1000)
    program = builder.program(contiguous((1.0, 0.0), (2,)))
    direction = signed_direction(program)
    assert finite_difference(program, direction).value != 0
    flushed = finite_difference(program, direction, Target.parse("cpu/flush=on"))
    assert flushed.value == 0
    assert flushed.agrees_with_definition


def test_findings_name_their_target_and_scripts_set_it():
    named = [Finding(broadcast_product(), target, "backward", "exact", WrongKind(1, "this", "that")) for target in (
        CPU, Target.parse("cpu/isa=sse41,onednn=off"))]  # fmt: skip
    assert named[0].identifier != named[1].identifier
    assert "float64 on cpu/onednn=off,isa=sse41, asked by backward" in named[1].message
    assert named[1].entry(None)["device"] == "cpu/onednn=off,isa=sse41"
    script = named[1].script
    assert script.index('os.environ["ONEDNN_MAX_CPU_ISA"]'.replace('"', "'")) < script.index("import torch")
    assert "torch._C._set_mkldnn_enabled(False)" in script
    assert "device = 'cpu'" in script
    assert "os" not in named[0].script.split("import torch")[0].split()


def test_the_script_of_a_finding_works_as_its_target_says(tmp_path):
    due = "shape (3,), float64, on cpu"
    finding = Finding(
        broadcast_product(), Target.parse("cpu/onednn=off"), "backward", "exact", WrongKind(1, "this", due)
    )
    script = finding.script + "\n"
    shown = script.replace("raise SystemExit", "print(torch._C._get_mkldnn_enabled())\nraise SystemExit")
    (tmp_path / "script.py").write_text(shown, encoding="utf-8")
    run = python("-I", tmp_path / "script.py", folder=tmp_path)
    assert (run.returncode, run.stdout.split()[-1], run.stderr) == (0, "False", "")


def test_laws_are_asked_at_the_target():
    def nothing_is_enabled(inputs, program, cotangents):
        """OneDNN is off."""
        return "it is on" if torch._C._get_mkldnn_enabled() else None

    Judge(Record("test", "cpu/onednn=off", "float64")).law(broadcast_product(), nothing_is_enabled)
    with pytest.raises(AssertionError):
        Judge(Record("test", "cpu", "float64")).law(broadcast_product(), nothing_is_enabled)
