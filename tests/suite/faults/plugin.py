"""A pytest plugin that plants faults for the whole run: ``pytest -p tests.suite.faults.plugin --fault NAME,…``."""

from __future__ import annotations

import pytest

LIBRARIES = pytest.StashKey[list[object]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--fault`` (pytest calls this)."""
    parser.addoption("--fault", required=True, metavar="NAME,…", help="faults to be planted (tests/suite/faults)")


# After the gate has looked whether torch is there at all.
@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Plant them, for as long as the configuration lives (pytest calls this)."""
    from tests.suite.faults import FAULTS
    from tests.suite.faults.planting import plant

    names = config.getoption("--fault").split(",")
    for name in names:
        if name not in FAULTS:
            raise pytest.UsageError(f"--fault {name}: unknown; tests/suite/faults has {', '.join(FAULTS)}")
    config.stash[LIBRARIES] = [plant(FAULTS[name]) for name in names]
