"""The options of the gate, and what is wrong with them in one line."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from oracle.target import CPU, Target, listed_targets
from tests.gate import allowlist

if TYPE_CHECKING:
    from tests.gate.store import Store

REQUIRED = ("torch", "numpy", "numpy_quaddtype", "sympy", "hypothesis", "flint", "cattrs", "rich", "packaging")
"""Modules that the gate imports; the dependency group ``gate`` installs all of them but torch."""


def add_options(parser: pytest.Parser) -> None:
    """Add the options under their own heading."""
    group = parser.getgroup("gradcert", "gradcert: which gradients are judged")
    group.addoption(
        "--device",
        default=None,
        metavar="D,…",
        help="devices, such as cpu,cuda, and code paths, such as cpu/onednn=off (default: cpu and every accelerator)",
    )
    group.addoption(
        "--dtype", default=None, metavar="T,…", help="of float64,float32,bfloat16,float16 (default: all four)"
    )
    group.addoption(
        "--max-examples", default=None, metavar="N", help="examples of each property (default: the profile's)"
    )
    allowlist.add_option(group)
    group.addoption("--store", default=None, metavar="FILE", help="keep what is drawn, and what is due, in a new FILE")
    group.addoption("--replay", default=None, metavar="FILE", help="draw nothing, and judge the programs of FILE again")
    group.addoption(
        "--known-issues",
        action="append",
        default=[],
        metavar="FILE",
        help="a list of your own (docs/your-own-lists.md); may be given again",
    )
    group.addoption("--reports", default="reports", metavar="DIR", help="where reports go (default: reports)")


def check_environment() -> None:
    """Raise a UsageError if a module is missing, before anything tries to import it."""
    missing = [name for name in REQUIRED if importlib.util.find_spec(name) is None]
    if "torch" in missing:
        raise pytest.UsageError(
            "torch is not installed here: install the PyTorch build that is to be judged, then try again"
        )
    if missing:
        raise pytest.UsageError(
            f"{', '.join(missing)} not installed: run 'python -m pip install --group gate' (pip 25.1 or newer)"
        )


def check_root(config: pytest.Config, root: Path) -> None:
    """Refuse to run under another root directory than ``root``, and so without this project's pytest settings.

    pytest looks for its root above every existing path on the command line, values of options included.
    """
    if config.rootpath != root:
        raise pytest.UsageError(
            f"pytest took {config.rootpath} for its root directory, not {root}: if a path among the options misled it,"
            " write --reports=DIR, with an equals sign, and so all that name files"
        )


def chosen_max_examples(config: pytest.Config) -> int | None:
    """``--max-examples`` as a positive integer, or None."""
    return None if config.getoption("--max-examples") is None else chosen_number(config, "--max-examples")


def chosen_number(config: pytest.Config, option: str) -> int:
    """``option`` as a positive integer."""
    try:
        return positive(config.getoption(option))
    except argparse.ArgumentTypeError as error:
        raise pytest.UsageError(f"{option} {error}") from None


def positive(text: str) -> int:
    """``text`` as a positive integer; a type for argparse."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text}: give a whole number of at least 1")
    return int(text)


def chosen_dtypes(config: pytest.Config) -> list[str]:
    """``--dtype`` as names of number formats."""
    from oracle.number_format import NUMBER_FORMATS

    names = _listed(config, "--dtype") or list(NUMBER_FORMATS)
    for name in names:
        if name not in NUMBER_FORMATS:
            raise pytest.UsageError(f"--dtype {name}: unknown; choose from {','.join(NUMBER_FORMATS)}")
    return names


def named_targets(config: pytest.Config) -> list[Target]:
    """``--device`` as targets; none if it is not given."""
    text = config.getoption("--device")
    try:
        return [] if text is None else listed_targets(text)
    except ValueError as error:
        raise pytest.UsageError(f"--device {text!r}: {error}") from None


def set_environment(config: pytest.Config) -> None:
    """Set the variables that the targets of ``--device`` need, before torch is loaded, which reads some of them then.

    Processes of xdist inherit them.
    """
    targets = [target for target in named_targets(config) if target.device == CPU.device]
    for target in targets:
        if target.environment != targets[0].environment:
            raise pytest.UsageError(
                f"--device: {targets[0]} and {target} cannot share a process; run them apart, or 'tox run -e paths'"
            )
        for name, value in target.environment.items():
            if os.environ.get(name, value) != value:
                raise pytest.UsageError(f"--device {target}: {name} is set to {os.environ[name]} already; unset it")
            if name not in os.environ and "torch" in sys.modules:
                raise pytest.UsageError(f"--device {target}: torch is loaded already; set {name}={value} beforehand")
    os.environ.update(targets[0].environment if targets else {})


def chosen_cases(config: pytest.Config, dtypes: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """The pairs of target and dtype that are judged, and a line for each pair that is left out of a default choice."""
    from oracle.device import absence, available_devices, has_dtype

    named = named_targets(config)
    left_out = []
    cases = []
    for target in named or map(Target, available_devices()):
        why = absence(target)
        if why is not None:
            raise pytest.UsageError(
                f"--device {target}: not usable ({why}); this machine has {','.join(available_devices())}, and what a"
                " backend of its own adds, once -p MODULE imports it"
            )
        for dtype in dtypes:
            if has_dtype(target.device, dtype):
                cases.append((str(target), dtype))
            elif named and config.getoption("--dtype"):
                raise pytest.UsageError(f"--dtype {dtype}: {target} has no {dtype}; leave it out of --dtype")
            else:
                left_out.append(f"{target} has no {dtype}")
    return cases, left_out


def made_store(config: pytest.Config, cases: list[tuple[str, str]], about: dict[str, Any]) -> Store | None:
    """The store that ``--store`` names, made with what it is ``about`` unless this is a process of xdist."""
    from tests.gate.store import NoStore, Store

    text = config.getoption("--store")
    if text is None:
        return None
    if config.getoption("--replay") is not None:
        raise pytest.UsageError("--store and --replay: nothing is drawn that could be stored; choose one of them")
    if len({target for target, _ in cases}) > 1:
        raise pytest.UsageError(f"--store {text}: a store is drawn at one target; name it with --device")
    try:
        return Store(Path(text)) if hasattr(config, "workerinput") else Store.create(Path(text), about)
    except NoStore as error:
        raise pytest.UsageError(f"--store {text}: {error}") from None


def replayed_store(config: pytest.Config) -> Store | None:
    """The store that ``--replay`` names."""
    from tests.gate.store import NoStore, Store

    text = config.getoption("--replay")
    if text is None:
        return None
    try:
        return Store(Path(text))
    except NoStore as error:
        raise pytest.UsageError(f"--replay {text}: {error}") from None


def stored_cases(
    config: pytest.Config, store: Store, cases: list[tuple[str, str]]
) -> tuple[list[tuple[str, str]], list[str]]:
    """Those of ``cases`` of whose dtype there are stored programs, and a line for each dtype that is left out."""
    stored = store.dtypes()
    absent = [dtype for dtype in dict.fromkeys(dtype for _, dtype in cases) if dtype not in stored]
    kept = [case for case in cases if case[1] in stored]
    if not kept or (absent and config.getoption("--dtype")):
        there = ", ".join(stored) or "none at all"
        text = config.getoption("--replay")
        raise pytest.UsageError(f"--replay {text}: has no programs in {', '.join(absent)}; it has {there}")
    return kept, [f"no programs are stored in {dtype}" for dtype in absent]


def judges(config: pytest.Config) -> bool:
    """Whether the command line asks for the gate's properties, by themselves or among others, and will run them."""
    properties = config.rootpath / "tests" / "properties"
    named = [path for path, _ in named_tests(config)]
    asked = any(path.is_relative_to(properties) or properties.is_relative_to(path) for path in named)
    return asked and not config.option.collectonly


def named_tests(config: pytest.Config) -> list[tuple[Path, str]]:
    """The files and folders that the command line names, each with the name of a test, or an empty one."""
    parts = [each.partition("::") for each in config.args]
    folder = config.invocation_params.dir
    return [((folder / path).resolve(), name.partition("[")[0]) for path, _, name in parts]


def reports_folder(config: pytest.Config) -> Path:
    """The folder for reports, made if it is missing."""
    folder = Path(config.getoption("--reports"))
    if not folder.is_absolute():
        folder = config.rootpath / folder
    try:
        (folder / "findings").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise pytest.UsageError(
            f"--reports {folder}: cannot be made ({error.strerror}); choose another folder"
        ) from None
    # Root may write everywhere that a write can succeed, so only a write tells.
    probe = folder / f".writable-{os.getpid()}"
    try:
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise pytest.UsageError(
            f"--reports {folder}: cannot be written ({error.strerror}); choose another folder"
        ) from None
    return folder


def shown_path(config: pytest.Config, path: Path) -> str:
    """``path`` as people read it: relative to the root directory, if it is below."""
    return str(path.relative_to(config.rootpath) if path.is_relative_to(config.rootpath) else path)


def _listed(config: pytest.Config, option: str) -> list[str]:
    text = config.getoption(option)
    if text is None:
        return []
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise pytest.UsageError(f"{option} {text!r}: give names with commas between them")
    return list(dict.fromkeys(names))
