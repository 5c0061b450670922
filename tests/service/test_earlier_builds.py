"""A process that starts on a broken build serves the newest whole one before it."""

import pytest

from model import artifacts
from tests.model.tiny import build_tiny, built_with, copied
from tests.service.clients import asked, client_of, got, pair
from tests.service.problem_shape import assert_problem
from tests.service.test_served import alter, remove, truncate


def empty(path):
    path.write_bytes(b"")


@pytest.fixture
def three(tiny_data, tiny_artifacts, tmp_path):
    """An artifacts folder with three builds, the oldest first; the last is current."""
    folder, first = copied(tiny_artifacts, tmp_path / "artifacts")
    made = [built_with(score, tiny_data, folder)[1] for score in (7.5, 8.5)]
    return folder, [first, *made]


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("model.pkl", alter),
        ("model.pkl", truncate),
        ("model.pkl", remove),
        ("manifest.json", empty),
        ("manifest.json", remove),
    ],
)
def test_the_one_before_is_served_and_the_broken_one_named(three, name, damage):
    folder, builds = three
    damage(builds[-1] / name)
    client = client_of(folder)
    ready = got(client, "/readyz")
    assert ready["model"] == builds[-2].name
    assert ready["refused"]["version"] == builds[-1].name
    assert name in ready["refused"]["reason"]
    assert got(client, "/v1/model")["version"] == builds[-2].name


def test_of_several_broken_ones_the_newest_whole_is_served(three):
    folder, builds = three
    remove(builds[-1] / "model.pkl")
    remove(builds[-2] / "model.pkl")
    client = client_of(folder)
    assert got(client, "/readyz")["model"] == builds[0].name
    assert got(client, "/readyz")["refused"]["version"] == builds[-1].name


def test_a_newer_one_than_the_broken_one_is_not_served(three):
    folder, builds = three
    artifacts.switch(folder, builds[1].name)
    remove(builds[1] / "model.pkl")
    assert got(client_of(folder), "/readyz")["model"] == builds[0].name


def test_with_none_that_is_whole_the_reason_is_told(three):
    folder, builds = three
    for build in builds:
        remove(build / "model.pkl")
    reason = assert_problem(client_of(folder).get("/readyz"), 503, [], "model.pkl")
    assert builds[-1].name in reason["detail"]


def test_a_build_that_is_made_then_takes_over(three, tiny_data):
    folder, builds = three
    remove(builds[-1] / "model.pkl")
    client = client_of(folder)
    manifest, _ = build_tiny(tiny_data, folder, pairs="test", force=True)
    client.application.extensions["served"].look()
    ready = got(client, "/readyz")
    assert (ready["model"], ready["refused"]) == (manifest.version, None)
    assert asked(client, [pair(24, 6)])["model"] == manifest.version
