"""The benches run, say what they found, and compare what is the same."""

import json
import shutil
import subprocess
import sys

import pytest
from bench_parts.context import BenchError
from bench_parts.figures import Figure, Goal, alternate
from bench_parts.report import update_readme

from tests.conftest import ROOT

FACTS = {"cores", "cpu", "memory_gb", "load", "python", "date", "commit", "driver"}


def bench(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "bench", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_help_names_every_bench():
    done = bench("--help")
    assert done.returncode == 0, done.stderr
    for name in ("build", "lookup", "batch", "start", "explain", "growth", "vector"):
        assert f"  {name} " in done.stdout


def test_an_unknown_bench_is_told_which_there_are():
    done = bench("speed")
    assert done.returncode == 2
    expected = "'speed': expected one of build, build-growth, train, lookup"
    assert expected in done.stderr


def test_a_bench_that_cannot_be_run_is_one_line(tmp_path):
    done = bench("lookup", "--artifacts", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("bench: ")
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def found(small_artifacts, tmp_path_factory):
    """The figures of the cheap benches on the small demo, by bench."""
    out = tmp_path_factory.mktemp("bench") / "figures.json"
    quick = ["--rounds", "1", "--seconds", "0.2", "--driver", "python"]
    names = ["lookup", "batch", "explain", "vector"]
    done = bench(*names, *quick, "--artifacts", small_artifacts, "--json", out)
    assert done.returncode == 0, done.stderr
    assert "lookup" in done.stdout
    return json.loads(out.read_text())


def test_json_says_on_which_machine(found):
    assert set(found["machine"]) == FACTS
    assert found["machine"]["driver"] == "python"


def test_json_holds_every_round_beside_its_peer(found):
    by_bench = {}
    for figure in found["figures"]:
        by_bench.setdefault(figure["bench"], []).append(figure)
        assert len(figure["ours"]) == len(figure["theirs"]) == 1
        assert figure["ours"][0] > 0
        assert figure["ratio"] == figure["ours"][0] / figure["theirs"][0]
    assert list(by_bench) == ["lookup", "batch", "explain", "vector"]
    assert {f["peer"] for f in by_bench["lookup"]} == {"floor", "original", "inplace"}


def test_a_figure_shows_the_median_round_and_keeps_its_goal():
    slower = Figure("a", "b", "ms", [2, 3, 10], "peer", [1, 1, 1], Goal(at_most=2))
    assert slower.cells() == ("a", "b, ms", "3", "peer: 1", "3 (2 to 10)", "≤ 2 ✗")
    alone = Figure("a", "b", "ms", [2, 3, 10], goal=Goal(at_most=3, of_value=True))
    assert alone.cells()[2:] == ("3 (2 to 10)", "", "", "≤ 3 ✓")


def test_rounds_alternate_and_every_other_is_reversed():
    order = []
    subjects = {name: lambda name=name: order.append(name) or 1 for name in "abc"}
    assert alternate(3, subjects) == {"a": [1] * 3, "b": [1] * 3, "c": [1] * 3}
    assert "".join(order) == "abccbaabc"


def test_the_readme_takes_the_table_between_its_markers(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n")
    figures = [Figure("a", "b", "ms", [1.0])]
    facts = dict.fromkeys(FACTS, "some")
    update_readme(readme, figures, facts, "scripts/bench a")
    text = readme.read_text()
    assert "old" not in text
    assert "By `scripts/bench a`: " in text
    assert "| a | b, ms | 1 |  |  |  |\n<!-- /bench -->\nafter\n" in text


def test_a_readme_without_markers_is_an_error(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("nothing\n")
    with pytest.raises(BenchError, match="no <!-- bench --> and <!-- /bench -->"):
        update_readme(readme, [], {}, "scripts/bench")


@pytest.mark.slow
def test_pandas_computes_the_same_features(tmp_path, small_artifacts):
    data = small_artifacts.parent / "data"
    done = bench("build", "--data", data, "--rounds", "1")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("wrk"), reason="wrk is not installed")
def test_wrk_drives_the_load_where_it_is_installed(small_artifacts):
    done = bench(
        *("lookup", "--rounds", "1", "--seconds", "1", "--driver", "wrk"),
        *("--artifacts", small_artifacts),
    )
    assert done.returncode == 0, done.stderr
    assert "load by wrk" in done.stdout
