"""Options and hooks of the benchmarks: which cases are timed, and what goes into ``benchmarks.json`` with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.gate import options

CASES = pytest.StashKey[list[Any]]()
DRAFT = pytest.StashKey[Path]()
PROVENANCE = pytest.StashKey[dict[str, Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradcert-benchmarks", "gradcert: what is timed")
    group.addoption("--full", action="store_true", help="all sizes from 1 to 10^7 and all dtypes (hours)")
    group.addoption("--workload", default=None, metavar="NAME,…", help="these workloads or families only")
    group.addoption("--threads", default="1", metavar="N", help="threads of PyTorch on the CPU (default: 1)")


# First, before pytest-benchmark takes note of its options.
@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.help:
        return
    import torch

    torch.set_num_threads(options.chosen_number(config, "--threads"))
    config.stash[CASES] = _chosen_cases(config)
    if config.option.benchmark_json is None and not config.option.collectonly:
        folder = options.reports_folder(config)
        # Written under another name and moved, so that no half-written report is left behind.
        config.stash[DRAFT] = folder / "benchmarks.json.part"
        config.option.benchmark_json = str(config.stash[DRAFT])
    # Its own table has a row for every pass of every case; ours has one for every family.
    config.option.benchmark_quiet = not config.option.benchmark_verbose


def pytest_report_header(config: pytest.Config) -> str:
    cases = config.stash[CASES]
    workloads = {case.workload.name for case in cases}
    dtypes = ", ".join(dict.fromkeys(case.dtype for case in cases))
    threads = config.getoption("--threads")
    return f"gradcert: timed are {len(cases)} cases of {len(workloads)} workloads in {dtypes}; threads: {threads}"


def _chosen_cases(config: pytest.Config) -> list[Any]:
    from benchmarks.passes import Case
    from benchmarks.workloads.workload import QUICK

    dtypes = options.chosen_dtypes(config) if config.getoption("--dtype") else list(QUICK)
    pairs, _ = options.chosen_cases(config, dtypes)
    for device in dict.fromkeys(device for device, _ in pairs):
        if "/" in device:
            raise pytest.UsageError(f"--device {device}: code paths are judged and not timed; name the device alone")
    full = config.getoption("--full")
    found = []
    for workload in _chosen_workloads(config):
        for device, dtype in pairs:
            if dtype in workload.dtypes:
                sizes = workload.all_sizes if full else workload.default_sizes(dtype)
                found += [Case(workload, size, dtype, device) for size in sizes]
    return found


def _chosen_workloads(config: pytest.Config) -> list[Any]:
    from benchmarks.workloads import WORKLOADS

    text = config.getoption("--workload")
    if text is None:
        return list(WORKLOADS.values())
    families = {workload.family for workload in WORKLOADS.values()}
    chosen = []
    for name in text.split(","):
        if name not in WORKLOADS and name not in families:
            raise pytest.UsageError(
                f"--workload {name}: no workload and no family; families are {', '.join(sorted(families))}"
            )
        chosen += [each for each in WORKLOADS.values() if name in (each.name, each.family)]
    return list(dict.fromkeys(chosen))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "timed" not in metafunc.fixturenames:
        return
    from benchmarks.clocks import host_clock

    # By case, and by pass within it: ratios are of times that were taken within seconds of each other.
    metafunc.parametrize(
        "timed",
        [
            pytest.param(
                (case, name),
                id=f"{case.name}-{name.replace(' ', '-')}",
                marks=pytest.mark.benchmark(group=case.name, timer=host_clock(case.device)),
            )
            for case in metafunc.config.stash[CASES]
            for name in case.passes
        ],
    )


def pytest_benchmark_update_json(config: pytest.Config, benchmarks: Any, output_json: dict[str, Any]) -> None:
    if PROVENANCE in config.stash:
        output_json["gradcert"] = config.stash[PROVENANCE]


@pytest.fixture(scope="session")
def provenance(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What is timed, where and how, with what was measured about each device."""
    from benchmarks.machine import provenance

    devices = list(dict.fromkeys(case.device for case in request.config.stash[CASES]))
    found = request.config.stash[PROVENANCE] = provenance(devices)
    return found


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    draft = config.stash.get(DRAFT, None)
    if draft is None or not draft.exists():
        return
    from benchmarks.records import read
    from benchmarks.summary import table
    from tests.gate.report import as_text

    path = draft.replace(draft.with_name("benchmarks.json"))
    terminalreporter.section("gradcert")
    terminalreporter.write(as_text(max(terminalreporter._tw.fullwidth, 120), table(read(path))) + "\n\n")
    terminalreporter.write(f"{options.shown_path(config, path)}\n")
