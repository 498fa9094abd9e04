"""The two plots of stored results: drawn from them alone, and there for every file of results."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from benchmarks import store
from benchmarks.records import read
from benchmarks.report.pictures import main
from tests.suite.report_samples import benchmarks_json

STORED = sorted(store.FOLDER.glob("*.json"))

SVG = "{http://www.w3.org/2000/svg}"


def drawn(monkeypatch, path):
    monkeypatch.setattr("sys.argv", ["pictures", str(path)])
    return main()


def test_both_plots_are_drawn_beside_the_results(monkeypatch, tmp_path, capsys):
    benchmarks_json(tmp_path)
    assert drawn(monkeypatch, tmp_path / "benchmarks.json") == 0
    written = [tmp_path / f"benchmarks-{name}.svg" for name in ("times", "total")]
    assert capsys.readouterr().out.split() == [str(path) for path in written]
    # A point for each case and bar, and three marks of times for each size of one workload.
    for path, texts, least in zip(written, ("limit of a copy", "total / primal"), (6, 30), strict=True):
        picture = ElementTree.parse(path)
        assert any(each.text == texts for each in picture.iter(f"{SVG}text"))
        assert sum(each.get("d") is not None for each in picture.iter(f"{SVG}path")) >= least
        assert not any(name.endswith("href") for each in picture.iter() for name in each.attrib)


@pytest.mark.parametrize(("content", "words"), [(None, "no such file"), ("{", "broken JSON"), ("{}", "not what")])
def test_bad_results_get_one_line_and_no_picture(content, words, monkeypatch, tmp_path, capsys):
    path = tmp_path / "results.json"
    if content is not None:
        path.write_text(content)
    assert drawn(monkeypatch, path) == 2
    message = capsys.readouterr().err
    assert words in message
    assert message.count("\n") == 1
    assert not list(tmp_path.glob("*.svg"))


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_stored_results_have_their_pictures(path, pytestconfig):
    results = read(path)
    assert store.name(results) == path.stem
    readme = (pytestconfig.rootpath / "README.md").read_text(encoding="utf-8")
    for name in ("times", "total"):
        picture = path.with_name(f"{path.stem}-{name}.svg")
        ElementTree.parse(picture)
        assert f"benchmarks/results/{picture.name}" in readme
