"""Writing again and again, but no more often than it is worth."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Has something written at once, or by a thread of its own once some seconds have passed since the last time.

    What is written is never older than that, however long the next thing takes that would have it written.

    Attributes:
        lock: is held while it is written; whoever changes what is written holds it meanwhile.
    """

    def __init__(self, write: Callable[[], object], seconds: float) -> None:
        self.lock = threading.RLock()
        self._write = write
        self._seconds = seconds
        self._last = -seconds
        self._timer: threading.Timer | None = None

    def soon(self) -> None:
        """Have it written at once if the last time is long enough ago, else as soon as it is."""
        with self.lock:
            wait = self._last + self._seconds - time.monotonic()
            if wait <= 0:
                self.now()
            elif self._timer is None:
                self._timer = threading.Timer(wait, self.now)
                self._timer.daemon = True
                self._timer.start()

    def now(self) -> None:
        """Have it written at once."""
        with self.lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._write()
            self._last = time.monotonic()
