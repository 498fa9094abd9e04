"""These tests need a browser."""

from __future__ import annotations

import pytest

from tests.browser.chromium import missing


def pytest_configure(config: pytest.Config) -> None:
    """Say in one line what must be installed, before any test is collected (pytest calls this)."""
    if not config.option.help and (lacking := missing()):
        raise pytest.UsageError(lacking)
