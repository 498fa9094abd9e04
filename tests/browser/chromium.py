"""The browser that the page is opened in, and the driver through which it is asked."""

from __future__ import annotations

import importlib.util
import shutil

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DRIVERS = ("chromedriver",)


def installed(names: tuple[str, ...]) -> str | None:
    """The path of the first of ``names`` that is a program here, None if none is."""
    return next((found for found in map(shutil.which, names) if found), None)


def missing() -> str:
    """What is not installed and must be, with the command that does it; empty if nothing is missing."""
    if importlib.util.find_spec("selenium") is None:
        return "there is no selenium: run 'python -m pip install --group browser' (pip 25.1 or newer)"
    absent = [names[0] for names in (BROWSERS, DRIVERS) if installed(names) is None]
    return f"there is no {' and no '.join(absent)}: run 'apt-get install chromium chromium-driver'" if absent else ""
