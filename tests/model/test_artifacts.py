"""The artifacts folder: what is served is always whole, whatever happens to a build."""

import os
import shutil
import subprocess
import sys
import textwrap

import pytest

from feature_store.definitions import FEATURES
from feature_store.errors import ArtifactError, BuildError
from model import artifacts
from model import manifest as manifests
from model.artifacts import Build
from tests.conftest import ROOT
from tests.model.tiny import PARAMETERS, build_tiny, copied, sign, snapshot

HOLD_STAGING = """
    import sys, time
    from pathlib import Path
    from model.artifacts import staging

    with staging(Path(sys.argv[1])) as folder:
        (folder / "half").write_text("half a build")
        print("held", flush=True)
        time.sleep(60)
"""


@pytest.fixture
def mine(tiny_artifacts, tmp_path):
    """A copy of a build: the artifacts folder and the build's."""
    return copied(tiny_artifacts, tmp_path / "artifacts")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def staged(folder, build, created):
    """A copy of a build in a staging folder, made at another time; its version."""
    shutil.copytree(build, folder, dirs_exist_ok=True)
    sign(folder, created=created)
    return manifests.read(folder).version


@pytest.fixture
def holder(tmp_path):
    """Another process that builds in `tmp_path / "artifacts"`, until it is killed."""
    command = [sys.executable, "-c", textwrap.dedent(HOLD_STAGING)]
    with subprocess.Popen(
        [*command, tmp_path / "artifacts"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_staged_folder_is_gone_after_success_and_after_failure(tmp_path):
    with artifacts.staging(tmp_path / "new") as folder:
        (folder / "file").write_text("x")
    assert names(tmp_path / "new") == [".lock"]
    with pytest.raises(ZeroDivisionError), artifacts.staging(tmp_path / "new"):
        raise ZeroDivisionError
    assert names(tmp_path / "new") == [".lock"]


def test_a_second_build_at_once_is_refused_and_the_first_goes_on(holder, tmp_path):
    out = tmp_path / "artifacts"
    with (
        pytest.raises(BuildError) as raised,
        artifacts.staging(out),
    ):
        pytest.fail("two builds at once")
    assert str(raised.value) == f"{out}: another build is at work here"
    assert (out / ".building" / "half").exists()


def test_what_a_killed_build_left_is_cleaned_by_the_next(holder, tmp_path):
    holder.kill()
    holder.wait()
    assert (tmp_path / "artifacts" / ".building" / "half").exists()
    with artifacts.staging(tmp_path / "artifacts") as folder:
        assert names(folder) == []
    assert names(tmp_path / "artifacts") == [".lock"]


def test_current_is_a_relative_link_to_a_version(mine):
    folder, build = mine
    link = folder / "current"
    assert str(link.readlink()) == build.name == manifests.read(build).version
    assert artifacts.current(folder) == build
    moved = folder.rename(folder.with_name("moved"))
    assert Build.open(artifacts.current(moved)).manifest.version == build.name


def test_publishing_serves_the_new_build_and_keeps_the_newest(mine):
    folder, build = mine
    versions = [build.name]
    for year in (2091, 2092, 2093, 2094):
        with artifacts.staging(folder) as staging:
            version = staged(staging, build, f"{year}-01-01T00:00:00+00:00")
            published = artifacts.publish(staging, version, keep=3)
        build = published
        versions.insert(0, version)
        assert published == folder / version == artifacts.current(folder)
        assert artifacts.versions(folder) == versions[:3]
        kept = [".lock", "current", *versions[:3]]
        assert names(folder) == sorted(kept)


def test_the_build_that_is_served_is_kept_even_if_it_is_the_oldest(mine):
    folder, build = mine
    with artifacts.staging(folder) as staging:
        version = staged(staging, build, "1999-01-01T00:00:00+00:00")
        artifacts.publish(staging, version, keep=1)
    assert artifacts.current(folder).name == version
    assert artifacts.versions(folder) == [build.name, version]


def test_what_is_no_build_is_neither_counted_nor_removed(mine):
    folder, build = mine
    (folder / "notes").mkdir()
    (folder / "notes" / "manifest.json").write_text("of something else")
    (folder / "demo-data").mkdir()
    (folder / "link").symlink_to(build.name)
    with artifacts.staging(folder) as staging:
        version = staged(staging, build, "2091-01-01T00:00:00+00:00")
        artifacts.publish(staging, version, keep=1)
    assert artifacts.versions(folder) == [version]
    assert {"notes", "demo-data", "link"} < set(names(folder))


def test_switching_points_current_elsewhere_in_one_step(mine):
    folder, build = mine
    shutil.copytree(build, folder / "other")
    (folder / ".current").symlink_to("left by a killed switch")
    artifacts.switch(folder, "other")
    assert str((folder / "current").readlink()) == "other"
    assert ".current" not in names(folder)


def test_a_folder_without_a_build_says_what_makes_one(tmp_path):
    with pytest.raises(ArtifactError) as raised:
        artifacts.current(tmp_path)
    assert str(raised.value) == f"{tmp_path}: no build; scripts/build makes one"
    assert artifacts.versions(tmp_path) == []


def test_a_build_that_does_not_verify_is_not_published(mine, tiny_data, monkeypatch):
    folder, _ = mine
    before = snapshot(folder)

    def other_model(_, path):
        path.write_bytes(b"no booster")

    monkeypatch.setattr("model.pickled.save", other_model)
    with pytest.raises(ArtifactError, match="not a booster"):
        build_tiny(tiny_data, folder)
    assert snapshot(folder) == before
    assert names(folder) == [".lock", str((folder / "current").readlink()), "current"]


def test_features_that_differ_are_shown_as_a_difference():
    artifacts.check_features(FEATURES, list(FEATURES), "the model")
    with pytest.raises(ArtifactError) as raised:
        artifacts.check_features(["a", "x", "c"], ["a", "b", "c"], "the model")
    assert str(raised.value).startswith("the model has other features: ")
    assert str(raised.value).endswith("-b +x")


def test_an_opened_build_knows_its_calendar(tiny_artifacts):
    build = Build.open(artifacts.current(tiny_artifacts))
    assert build.calendar.name(0) == "2013-01"
    assert build.calendar.name(10) == build.manifest.month == "2013-11"
    assert build.manifest.training.parameters == PARAMETERS.as_dict()
