"""Clocks: they read what a known cost is, and one that does not wait for its device is refused."""

from __future__ import annotations

import queue
import statistics
import threading
import time

import pytest
import torch
from torch.utils.benchmark import Timer

from benchmarks.clocks import device_state, device_time, host_clock, leaves_nothing_to_do, no_wait, waiting


class Accelerator:
    """Stands in for a device: a call returns at once, and a thread does the work."""

    def __init__(self):
        self.asked = queue.Queue()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            time.sleep(self.asked.get())
            self.asked.task_done()

    def work(self):
        """Ask for five milliseconds of work."""
        self.asked.put(0.005)

    def wait(self):
        """Wait until all work is done."""
        self.asked.join()

    def clock(self):
        """A clock that waits."""
        self.wait()
        return time.perf_counter()


def test_a_clock_that_waits_is_accepted_and_one_that_does_not_is_refused():
    device = Accelerator()
    assert leaves_nothing_to_do(device.clock, device.work, device.wait)
    assert not leaves_nothing_to_do(time.perf_counter, device.work, device.wait)


def test_the_cpu_has_nothing_to_wait_for():
    assert waiting("cpu") is no_wait
    assert host_clock("cpu") is time.perf_counter
    matrix = torch.rand(256, 256)
    assert leaves_nothing_to_do(host_clock("cpu"), lambda: matrix @ matrix, waiting("cpu"))
    assert device_time(lambda: None, "cpu") is None
    assert device_state("cpu") == {}


@pytest.fixture
def one_thread():
    """PyTorch in one thread, as its own timer and our benchmarks run it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
def test_a_known_cost_is_read_within_ten_percent():
    """A matrix product by our clock and by PyTorch's own timer, in turn."""
    matrix = torch.rand(192, 192, dtype=torch.float64)
    clock = host_clock("cpu")
    independent = Timer("matrix @ matrix", globals={"matrix": matrix})
    ratios = []
    for _ in range(30):
        start = clock()
        for _ in range(10):
            matrix @ matrix
        ours = clock() - start
        ratios.append(ours / 10 / independent.timeit(10).mean)
    assert 0.9 < statistics.median(ratios) < 1.1


def test_a_wait_of_known_length_is_read_within_ten_percent():
    clock = host_clock("cpu")

    def busy():
        end = time.monotonic_ns() + 2_000_000
        while time.monotonic_ns() < end:
            pass

    readings = []
    for _ in range(20):
        start = clock()
        busy()
        readings.append(clock() - start)
    assert 0.9 * 0.002 < min(readings) < 1.1 * 0.002
