"""Pace: what is to be written is written neither too often nor too late."""

from __future__ import annotations

import time

from tests.gate.pace import Pace


def wait_for(condition):
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_what_is_asked_for_often_is_written_seldom_and_never_forgotten():
    written = []
    asked = 0
    pace = Pace(lambda: written.append(asked), 0.3)
    start = time.monotonic()
    while time.monotonic() < start + 1:
        asked += 1
        pace.soon()
    took = time.monotonic() - start
    # At the first call at once, and nobody has to call again for the last one.
    assert written[0] == 1
    wait_for(lambda: written[-1] == asked)
    assert 3 <= len(written) <= 2 + took / 0.3


def test_what_is_written_at_once_takes_the_place_of_what_was_due():
    written = []
    pace = Pace(lambda: written.append(time.monotonic()), 0.2)
    pace.soon()
    pace.soon()
    pace.now()
    assert len(written) == 2
    time.sleep(0.4)
    assert len(written) == 2
    pace.soon()
    assert len(written) == 3


def test_nothing_is_written_while_it_changes():
    written = []
    pace = Pace(lambda: written.append(time.monotonic()), 0.05)
    pace.now()
    pace.soon()
    with pace.lock:
        time.sleep(0.2)
        released = time.monotonic()
    wait_for(lambda: len(written) == 2)
    assert written[1] >= released
