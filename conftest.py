"""Options, fixtures and the terminal summary of the gate (tests/properties) and of the self-tests."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.gate import allowlist, options

# Nothing else is imported before the environment has been checked: what is missing is said in one line.
REPORTS = pytest.StashKey[Path]()
CASES = pytest.StashKey[list[tuple[str, str]]]()
GATE = pytest.StashKey[Any]()
ACCURACY = pytest.StashKey[Any]()
STORE = pytest.StashKey[Any]()
REPLAYED = pytest.StashKey[Any]()
ALLOWED = pytest.StashKey[tuple[str, ...]]()

FIRST = ("test_operations", "test_random_programs")
"""The properties that find most run first, so that whoever stops at the first finding waits least."""


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add_options(parser)


def pytest_cmdline_main(config: pytest.Config) -> None:
    if config.option.help:
        return
    options.check_environment()
    allowlist.check_spelling(config)
    options.check_root(config, Path(__file__).parent)
    options.set_environment(config)
    from tests.gate import profiles

    profiles.register()
    profiles.check(config)


# Last, after Hypothesis has loaded the profile that the command line names: ``--max-examples`` changes it.
@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.help:
        return
    from hypothesis import settings

    from oracle.known_issues import use_lists
    from oracle.operations import OPERATIONS
    from tests.gate import profiles
    from tests.gate.accuracy import AccuracyReport
    from tests.gate.report import GateReport, environment
    from tests.gate.waivers import chosen_waivers

    use_lists(chosen_waivers(config))
    max_examples = options.chosen_max_examples(config)
    profiles.load(config, max_examples)
    dtypes = options.chosen_dtypes(config)
    cases, left_out = options.chosen_cases(config, dtypes)
    replayed = config.stash[REPLAYED] = options.replayed_store(config)
    if replayed is not None:
        cases, without = options.stored_cases(config, replayed, cases)
        left_out += without
    config.stash[CASES] = cases
    chosen = allowlist.chosen_operations(config, replayed)
    config.stash[ALLOWED] = tuple(OPERATIONS) if chosen is None else chosen
    if chosen is not None and options.judges(config):
        left_out += _properties_left_out(config)
    config.stash[REPORTS] = options.reports_folder(config)
    header = {
        "devices": list(dict.fromkeys(device for device, _ in cases)),
        "dtypes": list(dict.fromkeys(dtype for _, dtype in cases)),
        "left_out": left_out,
        "operations_chosen": chosen,
        "profile": profiles.chosen_name(config),
        "max_examples": settings().max_examples,
        "seed": config.option.hypothesis_seed,
    }
    config.stash[STORE] = options.made_store(config, cases, environment() | header)
    if replayed is not None:
        # What was drawn, and how: nothing is drawn now.
        header |= {name: replayed.about[name] for name in ("profile", "max_examples", "seed")}
        header["replayed"] = {"programs": len(replayed), **replayed.about}
    config.stash[GATE] = GateReport(header, config.stash[REPORTS])
    config.stash[ACCURACY] = AccuracyReport()
    if not is_worker(config):
        config.pluginmanager.register(config.stash[GATE], "gradcert-report")
        config.pluginmanager.register(config.stash[ACCURACY], "gradcert-accuracy")


def _properties_left_out(config: pytest.Config) -> list[str]:
    """A line for what is left out for want of operations: known before anything is collected, in any process."""
    from tests.gate import made_of

    allowed, cases = config.stash[ALLOWED], config.stash[CASES]
    return made_of.left_out(made_of.properties(options.named_tests(config)), allowed, cases)


def is_worker(config: pytest.Config) -> bool:
    """Whether this process works for another one, which collects the reports (pytest-xdist)."""
    return hasattr(config, "workerinput")


def pytest_sessionstart(session: pytest.Session) -> None:
    if not is_worker(session.config) and options.judges(session.config):
        session.config.stash[GATE].begin()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    gate = session.config.stash[GATE]
    if not is_worker(session.config) and exitstatus == pytest.ExitCode.OK:
        gate.finished = True
        if gate.empty():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config: pytest.Config) -> None:
    for key in (STORE, REPLAYED):
        if (store := config.stash.get(key, None)) is not None:
            store.close()


def pytest_report_header(config: pytest.Config) -> list[str]:
    import torch

    header = config.stash[GATE].header
    replayed = header.get("replayed")
    closing = [f"gradcert: left out: {line}" for line in header["left_out"]]
    if header["operations_chosen"] is not None:
        closing.insert(0, f"gradcert: keeps to {allowlist.listed(config.stash[ALLOWED])}")
    if replayed is not None:
        return [
            f"gradcert: torch {torch.__version__}, {','.join(header['devices'])}; {', '.join(header['dtypes'])}",
            f"gradcert: replays {replayed['programs']:,} programs, drawn on {','.join(replayed['devices'])} by torch"
            f" {replayed['torch']}, profile {header['profile']}, seed {header['seed']}",
            "gradcert: finite differences, the sweep and known issues are left out",
            *closing,
        ]
    seed = f"--hypothesis-seed={header['seed']}" if header["seed"] is not None else "none, last failures are replayed"
    return [
        f"gradcert: torch {torch.__version__}, {','.join(header['devices'])}; {', '.join(header['dtypes'])}",
        f"gradcert: profile {header['profile']}, {header['max_examples']} examples a property; seed: {seed}",
        *closing,
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    config = metafunc.config
    if {"issue", "target"} <= set(metafunc.fixturenames):
        from oracle.known_issues import issues_at
        from oracle.target import Target

        targets = [Target.parse(device) for device in config.stash[GATE].header["devices"]]
        shown = [(issue, target) for target in targets for issue in issues_at(target) if issue.reproducer]
        allowed = config.stash[ALLOWED]
        pairs = [(issue, target) for issue, target in shown if issue.is_of_any(allowed)]
        metafunc.parametrize(("issue", "target"), pairs, ids=[f"{issue.name}-{target}" for issue, target in pairs])
    if "judge" in metafunc.fixturenames:
        _make_items(metafunc)


def _make_items(metafunc: pytest.Metafunc) -> None:
    """An item for each device and dtype, and for each operation if the property is about one; or one that says why not.

    Operations that known issues take out as a whole get none.
    """
    from tests.gate import made_of

    all_cases, allowed = metafunc.config.stash[CASES], metafunc.config.stash[ALLOWED]
    cases = made_of.cases_of(metafunc.function, all_cases)
    vocabulary = made_of.vocabulary_of(metafunc.function)
    lack = vocabulary.lacks(allowed)
    drawn = {case: made_of.drawn(vocabulary, allowed, case) for case in cases}
    arguments: list[str] = ["judge"]
    items: list[Any] = [(case,) for case in cases if not lack and (drawn[case] or not vocabulary.one_of)]
    ids = [f"{dtype}-{device}" for ((device, dtype),) in items]
    if made_of.is_of_single_operations(metafunc.function):
        arguments = ["judge", "operation"]
        items = [(case, name) for (case,) in items for name in drawn[case]]
        ids = [f"{name}-{dtype}-{device}" for (device, dtype), name in items]
    if cases and not items:
        reason = f"needs {lack}" if lack else made_of.NOTHING_TO_DRAW
        items = [pytest.param(*[None] * len(arguments), marks=pytest.mark.skip(reason=reason))]
        ids = ["left out"]
    metafunc.parametrize(arguments, items, indirect=["judge"], ids=ids)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        name = getattr(item, "originalname", item.name)
        return FIRST.index(name) if name in FIRST else len(FIRST)

    items.sort(key=place)
    if config.stash[REPLAYED] is not None:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("unreplayed")])
        items[:] = [item for item in items if item.get_closest_marker("unreplayed") is None]


@pytest.fixture
def judge(request: pytest.FixtureRequest) -> Any:
    """A judge for one device and dtype, and one operation if the property is about one, with a new record."""
    from tests.gate.judge import Judge
    from tests.gate.made_of import name_of
    from tests.gate.record import Record

    config = request.config
    store = None if request.node.get_closest_marker("unreplayed") else config.stash[STORE]
    device, dtype = request.param
    operation = request.node.callspec.params.get("operation", "")
    record = Record(name_of(request.node.originalname), device, dtype, operation=operation)
    return Judge(record, config.option.hypothesis_seed, store, config.stash[REPLAYED], config.stash[ALLOWED])


@pytest.fixture
def attach(request: pytest.FixtureRequest) -> Callable[[str, Any], None]:
    """Attaches what JSON can hold, under a name, to the report of the test."""
    from tests.gate import attachments

    return partial(attachments.attach, request.node)


@pytest.fixture(scope="session")
def reproduced(request: pytest.FixtureRequest) -> Iterator[Callable[[Any, Any], Any]]:
    """What the reproducer of an issue answers at a target.

    Once one is asked for, those of the whole session run, some at once; in a process of xdist each when it is asked.
    """
    from tests.gate.reproducers import AT_ONCE, answer

    if is_worker(request.config):
        yield answer
        return
    calls = [call.params for item in request.session.items if (call := getattr(item, "callspec", None)) is not None]
    pairs = [(params["issue"], params["target"]) for params in calls if {"issue", "target"} <= set(params)]
    pool = ThreadPoolExecutor(AT_ONCE)
    started = {pair: pool.submit(answer, *pair) for pair in pairs}
    yield lambda issue, target: started[issue, target].result()
    # Whoever stops at the first failure does not wait for the rest.
    pool.shutdown(cancel_futures=True)


@pytest.fixture
def stride(request: pytest.FixtureRequest) -> int:
    """How many numbers of a 16-bit format lie from one that the sweep takes to the next, in the chosen profile."""
    from tests.gate import profiles

    return profiles.STRIDES[profiles.chosen_name(request.config)]


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    from tests.gate.record import run_and_record

    judge: Any = pyfuncitem.funcargs.get("judge")
    if judge is None:
        return (yield)
    return (yield from run_and_record(pyfuncitem, judge.record, replayed=judge.replayed is not None))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    from tests.gate import attachments
    from tests.gate.finding_entry import finding_entry
    from tests.gate.wrong_answer import NOT_AGAIN, finding_of

    report = yield
    if call.when == "call":
        attachments.hand_over(item, report)
    found = finding_of(call.excinfo.value) if call.excinfo is not None else None
    if found is None:
        return report
    finding, again = found
    shown = None
    last = NOT_AGAIN
    if again:
        path = item.config.stash[REPORTS] / "findings" / f"{finding.identifier}.py"
        shown = options.shown_path(item.config, path)
        last = f"reproducer: python {shown}"
        texts = {path.name: finding.script}
        if (entry := finding_entry(finding)) is not None:
            listed = path.with_suffix(".toml")
            texts[listed.name] = entry
            last += f"\n  as an entry of a list of your own: {options.shown_path(item.config, listed)}"
        attachments.attach(item, "gradcert-finding-texts", texts)
    report.longrepr = f"{finding.message}\n\n  {last}"
    attachments.attach(item, "gradcert-finding", finding.entry(shown))
    return report


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    from tests.gate.issue_answers import news, not_shown

    gate = config.stash[GATE]
    if not gate.rows and not gate.issues:
        return
    whole = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    path = options.shown_path(config, gate.finish() if whole else gate.write())
    terminalreporter.section("gradcert")
    width = terminalreporter._tw.fullwidth
    terminalreporter.write(gate.table(width) + "\n")
    lines = (
        gate.empty(),
        gate.coverage(),
        gate.waived(width),
        gate.lost(width),
        gate.left_out(),
        not_shown(gate.issues),
        news(gate.issues),
    )
    for line in filter(None, lines):
        terminalreporter.write(f"{line}\n\n")
    terminalreporter.write(f"{path}\n")
    accuracy = config.stash[ACCURACY]
    if accuracy.rows:
        terminalreporter.write(f"{options.shown_path(config, accuracy.write(config.stash[REPORTS]))}\n")
