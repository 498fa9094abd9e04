"""Programs and what is expected of them in one file, to be judged again elsewhere: drawing and proving are paid once.

The file is an SQLite database, to which several processes may add, and which stays whole when one of them is killed.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from oracle.functions import QUAD
from oracle.known_issues import present_issues
from oracle.program import Program
from oracle.program_json import from_json, to_json
from oracle.target import Target
from oracle.verdict import Truth, Truths
from tests.gate.expected import Known

ORACLE = Path(__file__).parents[2] / "oracle"

_TABLES = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE facts (dtype TEXT PRIMARY KEY, facts TEXT NOT NULL);
CREATE TABLE programs (
    number INTEGER PRIMARY KEY, property TEXT NOT NULL, dtype TEXT NOT NULL, about TEXT NOT NULL, program TEXT NOT NULL
);
CREATE INDEX places ON programs (property, dtype, about);
CREATE TABLE expected (number INTEGER, tier TEXT, truths BLOB NOT NULL, PRIMARY KEY (number, tier)) WITHOUT ROWID;
"""


class NoStore(Exception):
    """A file that cannot be used as a store; the text says why, in one line."""


@cache
def suite() -> str:
    """A digest of everything that says what is true: what one suite expects is nothing that another one does."""
    digest = hashlib.sha256()
    for path in sorted(each for each in ORACLE.rglob("*") if each.suffix in (".py", ".toml")):
        digest.update(path.read_bytes())
    # Which of the known issues concern the PyTorch that is installed.
    digest.update(" ".join(issue.name for issue in present_issues()).encode())
    return digest.hexdigest()[:16]


class Store:
    """An open store."""

    def __init__(self, path: Path) -> None:
        """Open the store at ``path``.

        Raises:
            NoStore: if there is none, or it is from another suite.
        """
        if not path.is_file():
            raise NoStore("no such file")
        try:
            self._database = sqlite3.connect(path, timeout=120, isolation_level=None)
            self.about: dict[str, Any] = {
                key: json.loads(value) for key, value in self._database.execute("SELECT key, value FROM about")
            }
        except sqlite3.DatabaseError as error:
            raise NoStore(f"is no store ({error})") from None
        if self.about.get("suite") != suite():
            raise NoStore(
                "is from another version of this suite, or for a PyTorch with other known issues; make a new one"
            )

    @classmethod
    def create(cls, path: Path, about: dict[str, Any]) -> Store:
        """A new store at ``path``, which keeps what it is ``about``.

        Raises:
            NoStore: if there is a file already, or none can be made.
        """
        if path.exists():
            raise NoStore("is there already; delete it, or name another file")
        try:
            database = sqlite3.connect(path, timeout=120, isolation_level=None)
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(_TABLES)
            database.executemany(
                "INSERT INTO about VALUES (?, ?)",
                [(key, json.dumps(value)) for key, value in (about | {"suite": suite()}).items()],
            )
            database.close()
        except sqlite3.Error as error:
            raise NoStore(f"cannot be made ({error})") from None
        return cls(path)

    @property
    def target(self) -> Target:
        """The one at which its programs were drawn."""
        return Target.parse(self.about["devices"][0])

    def close(self) -> None:
        """Close it."""
        self._database.close()

    def put_facts(self, dtype: str, facts: dict[str, bool]) -> None:
        """Keep the measured ``facts`` under which what is expected in ``dtype`` was computed."""
        self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (dtype, json.dumps(facts)))

    def facts(self, dtype: str) -> dict[str, bool]:
        """These facts."""
        found = self._database.execute("SELECT facts FROM facts WHERE dtype = ?", (dtype,)).fetchone()
        kept: dict[str, bool] = json.loads(found[0])
        return kept

    def put(self, name: str, dtype: str, about: str, program: Program, known: Known) -> None:
        """Keep a program of the property called ``name``, and what is ``known`` to be due of it."""
        packed = [(tier, _packed(truths)) for tier, truths in known.items()]
        text = to_json(program)
        self._database.execute("BEGIN IMMEDIATE")
        row = (name, dtype, about, text)
        number = self._database.execute("INSERT INTO programs VALUES (NULL, ?, ?, ?, ?)", row).lastrowid
        self._database.executemany("INSERT INTO expected VALUES (?, ?, ?)", [(number, *each) for each in packed])
        self._database.execute("COMMIT")

    def programs(self, name: str, dtype: str, about: str) -> Iterator[tuple[Program, Known]]:
        """Every program that was kept under these names, in the order in which they came."""
        wanted = "SELECT number, program FROM programs WHERE property = ? AND dtype = ? AND about = ? ORDER BY number"
        for number, text in self._database.execute(wanted, (name, dtype, about)):
            rows = self._database.execute("SELECT tier, truths FROM expected WHERE number = ?", (number,))
            yield from_json(text), {tier: _unpacked(packed) for tier, packed in rows}

    def dtypes(self) -> list[str]:
        """The dtypes of its programs."""
        return [dtype for (dtype,) in self._database.execute("SELECT DISTINCT dtype FROM programs")]

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM programs").fetchone()[0])


def _packed(truths: Truths | None) -> bytes:
    """Shapes as JSON, and behind them all numbers: a midpoint as the sum of two of float64, and a radius."""
    if truths is None:
        return b""
    tensors = [(None, each) for each in truths.outputs] + list(truths.gradients.items())
    numbers = []
    with np.errstate(all="ignore"):
        for _, each in tensors:
            high = each.midpoint.astype(np.float64)
            low = (each.midpoint - high).astype(np.float64)
            numbers += [high, np.where(np.isfinite(low), low, 0.0), each.radius]
    head = json.dumps([truths.tier, [[source, each.radius.shape] for source, each in tensors]])
    return head.encode() + b"\n" + zlib.compress(b"".join(each.tobytes() for each in numbers), 1)


def _unpacked(packed: bytes) -> Truths | None:
    if not packed:
        return None
    head, _, rest = packed.partition(b"\n")
    tier, tensors = json.loads(head)
    numbers = np.frombuffer(zlib.decompress(rest), dtype=np.float64)
    outputs = []
    gradients = {}
    for source, shape in tensors:
        count = int(np.prod(shape))
        high, low, radius = (numbers[place * count : (place + 1) * count].reshape(shape) for place in range(3))
        numbers = numbers[3 * count :]
        with np.errstate(invalid="ignore"):  # an infinite 128-bit number plus 0 is said to be invalid
            truth = Truth(np.asarray(high.astype(QUAD) + low.astype(QUAD)), radius)
        if source is None:
            outputs.append(truth)
        else:
            gradients[source] = truth
    return Truths(tier, tuple(outputs), gradients)
