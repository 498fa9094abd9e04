"""The file of known issues keeps its own rules; an entry that matches nothing is an error."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import Counter
from dataclasses import replace

import pytest
import torch
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from oracle import known_issues as module
from oracle.known_issue import KnownIssue, minor_release
from oracle.known_issues import is_covered, is_uncertain, issues_at, known_holes, known_issues
from oracle.known_operands import KnownOperand, applied_operands
from oracle.known_regions import APPLICATIONS, REGIONS
from oracle.laws import BOOKKEEPING, LINEARITY, TIES
from oracle.operations import OPERATIONS
from oracle.program import Input, ProgramBuilder, Value
from oracle.target import CPU, Target
from oracle.tensor import Layout, TensorSpec
from strategies.random_programs import random_programs
from strategies.samples import sample
from tests.gate import reproducers
from tests.gate.issue_answers import news, not_shown
from tests.gate.report import GateReport
from tests.suite.examples import broadcast_product, contiguous, reduction
from tests.suite.processes import python

LAWS = {law.__name__ for law in BOOKKEEPING + LINEARITY + TIES}
WITHOUT_ONEDNN = Target.parse("cpu/onednn=off")
TRACKERS = tuple(
    f"https://github.com/{name}/issues/" for name in ("pytorch/pytorch", "uxlfoundation/oneDNN", "intel/torch-xpu-ops")
)


@pytest.mark.parametrize("issue", known_issues(), ids=lambda issue: issue.name)
def test_entries_name_things_that_exist(issue):
    assert issue.operations or issue.laws, "an entry without a region matches nothing"
    assert set(issue.operations) <= set(OPERATIONS)
    assert set(issue.laws) <= LAWS
    assert not issue.laws or issue.where in REGIONS
    assert not issue.application or issue.application in APPLICATIONS
    assert issue.kind in ("wrong", "inaccurate", "raises", "crashes")
    assert all(str(Target.parse(each)) == each for each in issue.targets)
    assert issue.reason.strip()
    assert issue.link == "unreported" or issue.link.startswith(TRACKERS)
    SpecifierSet(issue.versions)
    assert all(minor_release(each) == each for each in issue.verified)
    assert sorted(set(issue.verified), key=Version) == list(issue.verified)


@pytest.mark.parametrize("issue", known_issues(), ids=lambda issue: issue.name)
def test_reproducers_need_only_torch_and_ask_no_flags(issue):
    imports = [node for node in ast.walk(ast.parse(issue.reproducer)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {name.name for node in imports for name in node.names}
    assert "torch" in names
    assert names - {"torch"} <= sys.stdlib_module_names
    assert "capability()" not in issue.reproducer
    assert "_supported" not in issue.reproducer


def test_every_region_is_used():
    assert {issue.application for issue in known_issues()} - {""} == set(APPLICATIONS)
    assert {issue.where for issue in known_issues()} - {""} == set(REGIONS)


def test_names_are_unique():
    names = [issue.name for issue in known_issues()]
    assert len(set(names)) == len(names)


ISSUE = KnownIssue("n", "wrong", "r", ">=2.13", reproducer="import torch", operations=("var",), arguments={"dim": []})
PLAIN = (KnownOperand.plain((2,)),)


def test_a_region_of_arguments():
    assert ISSUE.covers("var", {"dim": ()}, "float64", PLAIN)
    assert ISSUE.covers("var", {"dim": (), "keepdim": True}, "float16", PLAIN)
    assert not ISSUE.covers("var", {"dim": (0,)}, "float64", PLAIN)
    assert not ISSUE.covers("var", {}, "float64", PLAIN)
    assert not ISSUE.covers("std", {"dim": ()}, "float64", PLAIN)
    assert not replace(ISSUE, dtypes=("bfloat16",)).covers("var", {"dim": ()}, "float64", PLAIN)


@pytest.mark.parametrize(
    ("version", "concerned"),
    [("2.13.0+cpu", True), ("2.12.1", False), ("2.14.0.dev20260901+rocm7", True), ("3.0", True)],
)
def test_versions(version, concerned):
    assert ISSUE.concerns(version) is concerned


@pytest.mark.parametrize(
    ("version", "release"),
    [("2.13.0+cpu", "2.13"), ("2.15.1", "2.15"), ("2.16.0a0+git1234", "2.16"), ("2.9.0.dev20250901+rocm7", "2.9")],
)
def test_versions_belong_to_a_minor_release(version, release):
    assert minor_release(version) == release


@pytest.mark.parametrize(
    ("verified", "version", "newer"),
    [
        (("2.13", "2.15"), "2.15.1", False),
        (("2.13", "2.15"), "2.15.0a0+git1234", False),
        (("2.13", "2.15"), "2.14.0", False),
        (("2.13", "2.15"), "2.16.0a0+git1234", True),
        (("2.9",), "2.10.0", True),
        (("2.10",), "2.9.1", False),
        ((), "2.10.0", True),
    ],
)
def test_an_entry_predates_what_is_newer_than_all_that_it_was_verified_on(verified, version, newer):
    assert replace(ISSUE, verified=verified).predates(version) is newer


@pytest.mark.parametrize(
    ("targets", "at", "concerned"),
    [
        ((), "cuda:1", True),
        (("cpu",), "cuda", False),
        (("cpu",), "cpu/onednn=off", True),
        (("cpu/onednn=on",), "cpu", True),
        (("cpu/onednn=on",), "cpu/onednn=off", False),
        (("cuda", "cpu/onednn=on"), "cpu/isa=sse41", True),
    ],
)
def test_targets(targets, at, concerned):
    assert replace(ISSUE, targets=targets).is_at(Target.parse(at)) is concerned


def test_what_is_known_of_one_target_is_not_of_another():
    here = {issue.name for issue in issues_at(CPU)}
    assert here - {issue.name for issue in issues_at(WITHOUT_ONEDNN)} == {
        issue.name for issue in known_issues() if issue.targets == ("cpu/onednn=on",)
    }
    assert "gelu" in known_holes("bfloat16").magnitudes
    assert "gelu" not in known_holes("bfloat16", WITHOUT_ONEDNN).magnitudes
    assert "erf" in known_holes("bfloat16", WITHOUT_ONEDNN).magnitudes
    assert not known_holes("bfloat16", Target("cuda")).magnitudes
    # Two entries take numbers out of one operation.
    assert len(known_holes("bfloat16").magnitudes["gelu"]) == 2


def test_the_region_of_reshaped_cotangents():
    region = REGIONS["a_cotangent_is_only_rearranged"]
    assert region(reduction("sum", (1.0,), (1,)))
    assert region(reduction("sum", (1.0,), ()))
    assert not region(reduction("sum", (1.0, 2.0), (2,)))
    assert not region(broadcast_product())
    builder = ProgramBuilder([Input(contiguous((1.0,), (1,))), Input(contiguous((2.0,), ()))])
    builder.apply("add", Value(0), Value(1))
    assert region(builder.program(contiguous((1.0,), (1,))))


def test_an_exception_is_known_by_its_text_and_operation():
    issue = replace(ISSUE, arguments={}, operations=("mul",), dtypes=("float64",), raises="must be contiguous")
    assert not issue.covers("mul", {}, "float64", PLAIN)
    error = RuntimeError("a weight must be contiguous")
    assert issue.explains(error, broadcast_product())
    assert not issue.explains(error, reduction("sum", (1.0,), ()))
    assert not issue.explains(RuntimeError("something else"), broadcast_product())
    assert not replace(issue, dtypes=("float32",)).explains(error, broadcast_product())
    assert not replace(issue, raises="").explains(error, broadcast_product())
    assert not replace(issue, application="a_bound_falls_short").explains(error, broadcast_product())


def test_laws_are_excused_in_the_region_only():
    issue = replace(ISSUE, laws=("routes_agree",), where="a_cotangent_is_only_rearranged")
    assert issue.excuses("routes_agree", reduction("sum", (1.0,), ()))
    assert not issue.excuses("routes_agree", broadcast_product())
    assert not issue.excuses("vjp_is_linear", reduction("sum", (1.0,), ()))


# Regions of applications


def placed(shape, order=None, expanded=(), steps=None, values=None):
    """An operand in a layout."""
    rank = len(shape)
    place = Layout(order or tuple(range(rank)), (0,) * rank, steps or (1,) * rank, expanded)
    return KnownOperand(shape, place, values)


def last(*shape):
    """One that is channels_last."""
    return KnownOperand(shape, Layout.channels_last(4))


def anything(*shape, expanded=True):
    """One of unknown layout."""
    return KnownOperand(shape, expanded=expanded)


def numbers(*values):
    return KnownOperand.of(TensorSpec((len(values),), Layout.contiguous(1), "float64", values))


PLAIN_IMAGE, PLAIN_KERNEL = KnownOperand.plain((2, 2, 3, 1)), KnownOperand.plain((2, 2, 1, 1))
APART = {"stride": (1, 2), "padding": (0, 1), "dilation": (1, 2)}
NEARLY_LAST = placed((2, 2, 2, 1), (3, 0, 2, 1))
"""Elements as in channels_last; the axis of size 1 has the stride 8."""

INSIDE_AND_OUTSIDE = [
    ("several_elements", {}, [placed((2,))], [placed((1, 1))]),
    ("a_matrix_is_tall", {}, [placed((3, 1))], [placed((2, 1))]),
    ("a_matrix_is_tall", {}, [placed((5, 3))], [placed((3, 5))]),
    ("a_matrix_is_tall", {}, [placed((4, 2))], [placed((4, 0))]),
    ("a_bound_falls_short", {}, [placed((2,)), placed((2,)), placed((3, 2))], [placed((3, 2)), placed((2,))]),
    ("along_an_expanded_axis", {"dim": 0}, [placed((2, 2), expanded=(0,))], [placed((2, 2), expanded=(1,))]),
    ("along_an_expanded_axis", {"dim": -1}, [anything(2, 2)], [anything(2, 2, expanded=False)]),
    ("reduced_axes_lie_apart", {}, [placed((2, 2), steps=(2, 1))], [placed((2, 2), steps=(1, 2))]),
    ("reduced_axes_lie_apart", {"dim": (0, 2)}, [placed((2, 2, 2))], [placed((2, 2, 2), (1, 0, 2))]),
    ("reduced_axes_lie_apart", {}, [anything(2, 2)], [anything(2, 1)]),
    ("operands_may_share_a_number", {}, [numbers(1.0, 2.0), numbers(2.0)], [numbers(1.0, 2.0), numbers(3.0)]),
    ("operands_may_share_a_number", {}, [anything(2), numbers(3.0)], [numbers(1.0), numbers(3.0)]),
    (
        "single_places_of_few_channels_are_strided",
        {"stride": 2},
        [last(2, 3, 4, 2), placed((1, 3, 1, 1))],
        [last(2, 3, 3, 2), placed((1, 3, 1, 1))],
    ),
    (
        "single_places_of_few_channels_are_strided",
        {"stride": (1, 2)},
        [last(2, 7, 1, 2), placed((1, 7, 1, 1))],
        [last(2, 8, 1, 2), placed((1, 8, 1, 1))],
    ),
    ("no_window_meets_a_column", APART, [last(2, 2, 3, 1), PLAIN_KERNEL], [PLAIN_IMAGE, PLAIN_KERNEL]),
    ("no_window_meets_a_column", APART, [anything(2, 2, 3, 1), PLAIN_KERNEL], [last(2, 2, 3, 2), PLAIN_KERNEL]),
    (
        "no_window_meets_a_column_beside_a_bias",
        APART,
        [last(2, 2, 3, 1), PLAIN_KERNEL, placed((2,))],
        [last(2, 2, 3, 1), PLAIN_KERNEL],
    ),
    (
        "a_step_is_wider_than_the_image",
        {"stride": 2, "padding": 1},
        [last(1, 2, 1, 1), placed((2, 2, 3, 3))],
        [last(1, 2, 1, 2), placed((2, 2, 3, 3))],
    ),
    (
        "a_step_is_wider_than_the_image",
        {"stride": 2, "padding": 1},
        [placed((1, 16, 1, 1)), placed((2, 16, 3, 3))],
        [placed((1, 2, 1, 1)), placed((2, 2, 3, 3))],
    ),
    (
        "a_column_of_one_channel_is_strided",
        {"stride": 2},
        [last(1, 1, 3, 1), placed((2, 1, 2, 1))],
        [last(1, 2, 3, 1), placed((2, 2, 2, 1))],
    ),
    (
        "one_channel_becomes_a_column",
        {"stride": (1, 2)},
        [last(1, 1, 3, 3), placed((2, 1, 2, 3))],
        [last(1, 2, 3, 3), placed((2, 2, 2, 3))],
    ),
    ("the_weight_looks_channels_last", {}, [last(1, 2, 3, 3), NEARLY_LAST], [last(1, 2, 3, 3), last(2, 2, 2, 1)]),
    (
        "the_weight_looks_channels_last",
        {},
        [last(1, 2, 3, 3), anything(2, 2, 2, 1)],
        [placed((1, 2, 3, 3)), NEARLY_LAST],
    ),
    (
        "the_weight_of_groups_looks_channels_last",
        {"groups": 2},
        [last(1, 4, 3, 3), NEARLY_LAST],
        [last(1, 4, 3, 3), placed((2, 2, 2, 1))],
    ),
    (
        "the_operand_of_groups_looks_channels_last",
        {"groups": 2},
        [placed((1, 4, 2, 1), (3, 0, 2, 1)), last(4, 2, 1, 1)],
        [placed((1, 2, 2, 1), (3, 0, 2, 1)), last(4, 1, 1, 1)],
    ),
]


@pytest.mark.parametrize(("name", "arguments", "inside", "outside"), INSIDE_AND_OUTSIDE)
def test_regions_of_applications(name, arguments, inside, outside):
    assert APPLICATIONS[name](arguments, tuple(inside))
    assert not APPLICATIONS[name](arguments, tuple(outside))


def test_every_region_of_applications_is_tested():
    assert {name for name, *_ in INSIDE_AND_OUTSIDE} == set(APPLICATIONS)


def test_images_of_one_row_are_convolved_like_those_of_one_dimension():
    region = APPLICATIONS["no_window_meets_a_column"]
    arguments = {"stride": (2,), "padding": 1, "dilation": (2,)}
    # One column: torch does not copy it, and takes these strides for channels_last.
    inside = (placed((2, 3, 1), (0, 2, 1)), KnownOperand.plain((2, 3, 1)))
    assert inside[0].strides == (3, 1, 3)
    assert region(arguments, inside)
    assert not region(arguments, (KnownOperand.plain((2, 3, 1)), KnownOperand.plain((2, 3, 1))))


@pytest.mark.parametrize("shape", [(2, 3, 2, 2), (1, 3, 1, 2), (2, 1, 3, 1), (1, 1, 1, 1), (2, 3, 1, 1)])
def test_channels_last_is_what_torch_takes_for_it(shape):
    import itertools

    from oracle.convolution_regions import _is_channels_last, _is_contiguous

    for order in itertools.permutations(range(4)):
        strides = placed(shape, order).strides
        tensor = torch.empty(100).as_strided(shape, strides)
        copied = torch.empty_like(tensor.expand_as(tensor), memory_format=torch.preserve_format)
        assert _is_contiguous(shape, strides) == tensor.is_contiguous()
        if _is_channels_last(shape, strides):
            assert tensor.is_contiguous(memory_format=torch.channels_last)
            assert copied.stride() == tensor.stride()
    assert _is_channels_last(shape, last(*shape).strides) == (shape[1:] != (1, 1, 1))


# What is drawn


def test_what_is_known_of_operands_is_the_layout_of_inputs_alone():
    builder = ProgramBuilder([Input(contiguous((1.0, 2.0), (2,)))])
    doubled = builder.apply("add", Value(0), Value(0))
    builder.apply("expand", doubled, arguments={"size": (3, 2)})
    (_, (first, second)), (_, (result,)) = applied_operands(builder.program(contiguous((1.0,) * 6, (3, 2))))
    assert first == second == KnownOperand.of(builder.inputs[0].tensor)
    assert (result.layout, result.expanded) == (None, False)


def convolutions(dtype, target=CPU, count=120):
    return sample(random_programs(dtype=dtype, featured="conv2d", max_operations=1, target=target), count=count)


def test_convolutions_are_drawn_outside_the_faults():
    for dtype in ("float32", "bfloat16"):
        drawn = Counter(name for each in convolutions(dtype) for name in each.applications[0].arguments)
        assert drawn["groups"] > 15
        assert drawn["stride"] > 40
        assert not any(is_uncertain(each) for each in convolutions(dtype))


def test_what_is_covered_at_one_target_is_drawn_at_another():
    (issue,) = (each for each in known_issues() if each.name == "strided-convolution-in-bfloat16")
    inside = [each for each in convolutions("bfloat16", WITHOUT_ONEDNN, 500) if issue.is_in(each)]
    assert inside
    assert all(is_uncertain(program) and not is_uncertain(program, WITHOUT_ONEDNN) for program in inside)


def test_medians_of_expanded_tensors_are_drawn_along_other_axes():
    drawn = sample(random_programs(dtype="float32", featured="median_with_indices", max_operations=1), count=150)
    operands = [applied_operands(program)[0][1][0] for program in drawn]
    assert sum(bool(each.layout.expanded) for each in operands) > 3
    assert not any(is_uncertain(program) for program in drawn)


def test_an_input_that_is_covered_for_its_layout_gets_the_usual_one():
    region = APPLICATIONS["reduced_axes_lie_apart"]
    assert is_covered("nansum", {}, "float16", (placed((2, 2), steps=(2, 1)),))
    drawn = sample(random_programs(dtype="float16", featured="nansum", max_operations=1), count=150)
    applied = [applied_operands(program)[0] for program in drawn]
    assert {each.operation for each, _ in applied} == {"nansum"}
    assert not any(region(each.arguments, operands) for each, operands in applied)
    assert any(len(operands[0].shape) > 1 for _, operands in applied)


# What reproducers answer


@pytest.mark.parametrize(
    ("code", "status"), [(0, "mended"), (1, "wrong"), (2, "cannot be shown"), (3, "broken"), (-11, "broken")]
)
def test_statuses(code, status):
    assert reproducers.Answer(code, "", "").status == status


@pytest.mark.parametrize(
    ("script", "status", "told"),
    [
        ("print('came 1')\nraise SystemExit(1)", "wrong", "came 1"),
        ("print('came 1')\ntorch = None\ntorch.mul", "broken", "it exits 1; came 1; AttributeError: .*'mul'.*"),
        ("import sys\nprint('came 1')\nsys.exit('no such file')", "wrong", "came 1"),
        ("raise SystemExit(7)", "broken", "it exits 7"),
        ("import os\nos.kill(os.getpid(), 11)", "broken", "it exits -11"),
    ],
)
def test_an_exception_of_a_reproducer_shows_nothing_wrong(script, status, told):
    came = reproducers.answer(replace(ISSUE, reproducer=script), CPU)
    assert came.status == status
    assert re.fullmatch(told, came.last_line)


def test_answers_come_in_the_order_of_issues_and_targets():
    slow = "import time\ntime.sleep(0.5)\nraise SystemExit(1)"
    issues = [replace(ISSUE, name="slow", reproducer=slow), replace(ISSUE, name="fast", reproducer="")]
    came = [(issue.name, [each.code for each in row]) for issue, row in reproducers.answers(issues, [CPU, CPU])]
    assert came == [("slow", [1, 1]), ("fast", [0, 0])]


def test_a_reproducer_runs_at_its_target_and_what_it_prints_last_is_kept():
    script = "import torch\nprint('first')\nprint('oneDNN', torch._C._get_mkldnn_enabled(), '\\n')\nraise SystemExit(2)"
    came = reproducers.answer(replace(ISSUE, reproducer=script), WITHOUT_ONEDNN)
    assert (came.status, came.said) == ("cannot be shown", "oneDNN False")


def test_on_a_device_a_reproducer_makes_its_tensors_there():
    script = "import torch\nprint(torch.ones(2).device)\nraise SystemExit(1)"
    came = reproducers.answer(replace(ISSUE, reproducer=script), Target("meta"))
    assert (came.status, came.said) == ("wrong", "meta")


HERE = minor_release(str(torch.__version__))
LATER = f"{HERE}9"


def judged(code, verified):
    """What the gate records of a reproducer that exits with ``code``."""
    from tests.properties.test_known_issues import test_known_issue_is_still_wrong as property_holds

    kept = []
    issue = replace(ISSUE, reproducer=f"print('because')\nraise SystemExit({code})", verified=verified)
    property_holds(issue, CPU, lambda name, content: kept.append((name, content)), reproducers.answer)
    return kept


@pytest.mark.parametrize("verified", [(), ("2.9",), ("2.9", HERE), (LATER,)])
def test_the_gate_takes_wrong_and_not_shown(verified):
    said = {"name": "n", "target": "cpu", "status": "wrong", "said": "because"}
    assert judged(1, verified) == [("gradcert-known-issue", said)]
    assert judged(2, verified)[0][1]["status"] == "cannot be shown"
    with pytest.raises(AssertionError, match="reproducer of n is broken, it exits 3"):
        judged(3, verified)


@pytest.mark.parametrize("verified", [("2.9", HERE), (LATER,)])
def test_on_verified_and_older_releases_an_entry_that_is_mended_fails(verified):
    with pytest.raises(AssertionError, match=r"n is mended in torch .* at cpu: delete it"):
        judged(0, verified)


@pytest.mark.parametrize("verified", [(), ("2.9",)])
def test_on_a_newer_release_an_entry_that_is_mended_is_no_failure(verified):
    assert judged(0, verified)[0][1]["status"] == "mended"


def test_the_summary_says_what_is_mended_in_a_newer_release(tmp_path, monkeypatch):
    issues = (replace(ISSUE, name="new"), replace(ISSUE, name="strict", verified=(HERE,)))
    monkeypatch.setattr("tests.gate.issue_answers.present_issues", lambda: issues)
    gate = GateReport({}, tmp_path)
    assert news(gate.issues) == ""
    gate.issues += [{"name": "new", "target": "cpu", "status": "wrong", "said": "came 1"}]
    gate.issues += [{"name": "strict", "target": "cpu", "status": "mended", "said": "came 2"}]
    assert news(gate.issues) == ""
    gate.issues += [{"name": "new", "target": "cpu/isa=sse41", "status": "mended", "said": "came 3"}]
    assert news(gate.issues) == (
        f"mended in torch {torch.__version__}, which is newer than what these entries were verified on; bound their"
        " versions:\n  new on cpu/isa=sse41: came 3"
    )
    written = json.loads(gate.write().read_text())["known_issues"]
    assert {each["name"]: each["newer_than_verified"] for each in written} == {"new": True, "strict": False}


MENDED = """
from oracle import known_issues
from oracle.known_issue import KnownIssue

entry = KnownIssue("n", "wrong", "r", reproducer="print('came 2')", verified=VERIFIED)
known_issues.known_issues = lambda: (entry,)
"""


def test_a_run_ends_well_with_good_news_and_badly_without(pytestconfig, tmp_path):
    run = ["-m", "pytest", "tests/properties/test_known_issues.py", "-p", "mended", "--device=cpu"]
    environment = {"PYTHONPATH": str(tmp_path)}
    plugin = tmp_path / "mended.py"
    plugin.write_text(MENDED.replace("VERIFIED", "('2.9',)"))
    newer = python(*run, f"--reports={tmp_path}", folder=pytestconfig.rootpath, variables=environment)
    assert newer.returncode == 0, newer.stdout
    assert f"mended in torch {torch.__version__}, which is newer than" in newer.stdout
    assert "  n on cpu: came 2\n" in newer.stdout
    plugin.write_text(MENDED.replace("VERIFIED", f"('2.9', {HERE!r})"))
    strict = python(*run, f"--reports={tmp_path}", folder=pytestconfig.rootpath, variables=environment)
    assert strict.returncode == 1, strict.stdout
    assert f"n is mended in torch {torch.__version__} at cpu: delete it" in strict.stdout
    assert "which is newer than" not in strict.stdout


def test_the_report_says_what_reproducers_answered(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.gate.issue_answers.present_issues", lambda: (replace(ISSUE, targets=("cpu",)),))
    gate = GateReport({}, tmp_path)
    gate.issues += [
        {"name": "n", "target": "cpu", "status": "wrong", "said": "came 1"},
        {"name": "n", "target": "cpu/isa=sse41", "status": "cannot be shown", "said": "no kernel"},
    ]
    (entry,) = json.loads(gate.write().read_text())["known_issues"]
    assert (entry["kind"], entry["targets"]) == ("wrong", ["cpu"])
    assert entry["answers"] == {
        "cpu": {"status": "wrong", "said": "came 1"},
        "cpu/isa=sse41": {"status": "cannot be shown", "said": "no kernel"},
    }
    assert not_shown(gate.issues) == "known issues that cannot be shown here:\n  n on cpu/isa=sse41: no kernel"


def test_the_command_prints_a_table(monkeypatch, capsys):
    issues = tuple(
        replace(ISSUE, name=f"exits {code}", targets=("cpu/onednn=on",), reproducer=f"raise SystemExit({code})")
        for code in (0, 1, 2)
    )
    issues += (replace(ISSUE, name="raises", reproducer="raise ValueError"),)
    monkeypatch.setattr(reproducers, "present_issues", lambda: issues)
    assert reproducers.main(["--targets", "cpu,cpu/onednn=off", "--issues", "exits 1,exits 2"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["issue", "kind", "cpu", "cpu/onednn=off"]
    assert [line.split()[-2:] for line in printed[1:3]] == [["1", "(1)"], ["2", "(2)"]]
    assert reproducers.main(["--issues", "exits 0"]) == 1
    assert reproducers.main(["--issues", "raises"]) == 1
    assert "broken" in capsys.readouterr().out.splitlines()[-2]


def test_what_is_kept_of_issues_is_kept_by_target():
    assert module.undrawn_issues("conv2d", "float64", CPU) != module.undrawn_issues("conv2d", "float32", CPU)
    assert module.undrawn_issues("neg", "float32") == ()


def test_an_issue_is_of_operations_that_it_names_or_of_all():
    issue = next(each for each in known_issues() if each.name == "variance-of-empty-dim")
    assert issue.is_of_any(("add", "std"))
    assert not issue.is_of_any(("add", "mul"))
    assert replace(issue, operations=()).is_of_any(("add",))
