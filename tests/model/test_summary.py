"""What a person reads when a build has ended."""

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from model import manifest as manifests
from model.summary import print_summary


def printed(manifest, folder, width=40, **console):
    out = io.StringIO()
    print_summary(manifest, folder, Console(file=out, width=width, **console))
    return out.getvalue()


@pytest.fixture(scope="module")
def manifest(tiny_artifacts):
    return manifests.read(tiny_artifacts / "current")


def test_no_line_is_broken_or_padded_however_narrow_the_window(manifest):
    folder = Path("/a/folder/with a name that is longer than the window is wide/x")
    lines = printed(manifest, folder).splitlines()
    facts = [line for line in lines if "│" not in line]
    assert any(
        line.startswith("files           /a/folder/with a name") for line in facts
    )
    assert all(line == line.rstrip() for line in facts)
    assert any(line.endswith("rows, full grid)") for line in facts)


def test_a_warning_is_text_and_no_markup(manifest):
    warned = msgspec.structs.replace(manifest, warnings=["a [bold]file[/]: [1/2]"])
    assert "warning: a [bold]file[/]: [1/2]\n" in printed(warned, Path("x"))


def test_the_demo_is_called_so_and_real_data_are_not(manifest):
    assert "(the demo retailer)" in printed(manifest, Path("x"))
    real = msgspec.structs.replace(manifest, demo=False)
    assert "demo" not in printed(real, Path("x"))


def test_without_listed_pairs_there_is_no_line_of_them(manifest):
    holdout = msgspec.structs.replace(manifest.training.holdout, listed=None)
    training = msgspec.structs.replace(manifest.training, holdout=holdout)
    none = msgspec.structs.replace(manifest, training=training)
    assert "pairs that are listed" in printed(manifest, Path("x"))
    assert "pairs that are listed" not in printed(none, Path("x"))


def test_a_baseline_that_wins_is_among_the_warnings(manifest):
    beaten = "on 2013-10 the model (1.2 RMSE) does not beat zero (1.1)"
    warned = msgspec.structs.replace(manifest, warnings=[beaten])
    assert f"warning: {beaten}\n" in printed(warned, Path("x"))
