"""Stored programs: what is kept comes back."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from oracle.functions import QUAD
from oracle.verdict import Truth, Truths, enclosed
from tests.gate.store import NoStore, Store
from tests.suite.examples import broadcast_product, notebook_polynomial
from tests.suite.processes import python
from tests.suite.stored import new_store, put, same


@pytest.fixture
def store(tmp_path):
    with new_store(tmp_path) as made:
        yield made


def test_what_is_put_comes_back(store):
    truths = enclosed(broadcast_product())
    put(store, broadcast_product(), enclosure=truths, exact=None)
    put(store, notebook_polynomial(), enclosure=enclosed(notebook_polynomial()))
    (one, known), (other, _) = store.programs("test", "float64", "")
    assert (one, other) == (broadcast_product(), notebook_polynomial())
    assert known.keys() == {"enclosure", "exact"}
    assert known["exact"] is None
    assert same(known["enclosure"], truths)
    assert store.dtypes() == ["float64"]
    assert len(store) == 2
    assert store.about["seed"] == "7"
    for name, dtype, about in (("other", "float64", ""), ("test", "float32", ""), ("test", "float64", "mul")):
        assert not list(store.programs(name, dtype, about))


def test_midpoints_keep_106_bits_and_what_is_infinite_stays_so(store):
    third = np.array(1.0).astype(QUAD) / 3
    outside = np.array([np.inf, -np.inf, 1.0, 0.0]).astype(QUAD)
    outside[2] = outside[2] * 2.0**1000 * 2.0**1000
    radii = np.array([np.inf, np.inf, np.inf, 0.0])
    put(store, broadcast_product(), enclosure=Truths("t", (Truth(third, np.array(0.5)),), {3: Truth(outside, radii)}))
    ((_, known),) = store.programs("test", "float64", "")
    (came,) = known["enclosure"].outputs
    assert came.midpoint.shape == ()
    assert float(abs(came.midpoint - third) * 2.0**107) < 1
    assert float((came.midpoint - came.midpoint.astype(float)).astype(float)) != 0
    assert known["enclosure"].gradients[3].midpoint.astype(float).tolist() == [np.inf, -np.inf, np.inf, 0.0]
    assert known["enclosure"].gradients[3].radius.tolist() == radii.tolist()


def test_several_processes_may_add_and_one_that_is_killed_spoils_nothing(store, pytestconfig, tmp_path):
    source = (
        "import os, sys; from pathlib import Path; from tests.gate.store import Store;"
        "from tests.suite.examples import broadcast_product as program; store = Store(Path(sys.argv[1]));"
        "[store.put('test', 'float64', '', program(), {}) for _ in range(20)];"
        "store._database.execute('BEGIN IMMEDIATE');"
        "store._database.execute(\"INSERT INTO programs VALUES (NULL, 'test', 'float64', '', 'half')\");"
        "os.kill(os.getpid(), 9)"
    )
    killed = python("-c", source, tmp_path / "programs.db", folder=pytestconfig.rootpath)
    assert killed.returncode == -9, killed.stderr
    put(store, broadcast_product())
    assert [program for program, _ in store.programs("test", "float64", "")] == [broadcast_product()] * 21


def broken(path):
    path.write_text("no store")


def of_another_suite(path):
    Store.create(path, {}).close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE about SET value = '\"older\"' WHERE key = 'suite'")


def of_something_else(path):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE about (key TEXT, value TEXT)")


def absent(path):
    pass


BAD = {
    broken: "is no store (file is not a database)",
    of_another_suite: "is from another version of this suite",
    of_something_else: "is from another version of this suite",
    absent: "no such file",
}


@pytest.mark.parametrize("make", BAD)
def test_a_file_that_is_no_store_is_refused(make, tmp_path):
    make(tmp_path / "file")
    with pytest.raises(NoStore) as refused:
        Store(tmp_path / "file")
    assert BAD[make] in str(refused.value)


def test_a_store_is_not_written_over(store, tmp_path):
    with pytest.raises(NoStore, match="is there already"):
        Store.create(tmp_path / "programs.db", {})
    with pytest.raises(NoStore, match="cannot be made"):
        Store.create(tmp_path / "nowhere" / "programs.db", {})
