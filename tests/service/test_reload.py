"""Builds that change under a real server: no failed request, no mixed answer."""

import threading
import time
from dataclasses import dataclass, field

import pytest
import requests

from model import artifacts
from model.artifacts import Build
from tests.conftest import running_server
from tests.model.tiny import PARAMETERS, build_tiny, built_with, copied

SECONDS_TO_SWITCH = 5


@dataclass
class Seen:
    """What a client met: every pair of build and numbers, and every failure."""

    answers: set[tuple[str, tuple[float, ...]]] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    requests: int = 0


@pytest.fixture
def two(tiny_data, tiny_artifacts, tmp_path):
    """An artifacts folder with two builds that give different numbers."""
    folder, first = copied(tiny_artifacts, tmp_path / "artifacts")
    _, second = built_with(7.5, tiny_data, folder)
    return folder, (first.name, second.name)


def some_pairs(build):
    """The ids of four pairs of a build."""
    store = Build.open(build).store
    at = next(store.blocks(4))
    return list(
        zip(store.shop_ids(at).tolist(), store.item_ids(at).tolist(), strict=True)
    )


def expected(folder, versions, pairs):
    """The numbers of the pairs in each build."""
    found = {}
    for version in versions:
        build = Build.open(folder / version)
        store, scorer = build.store, build.scorer
        found[version] = tuple(
            scorer.one(store.vector(store.position(*pair))) for pair in pairs
        )
    return found


def ask(url, pairs, stop, seen):
    """Ask for a batch and a single pair in turn, until told to stop."""
    batch = [{"shop_id": shop, "item_id": item} for shop, item in pairs]
    with requests.Session() as session:
        while not stop.is_set():
            for body in (batch, batch[0]):
                try:
                    answer = session.post(url, json=body, timeout=30)
                    found = answer.json()
                    rows = found.get("predictions", [found])
                    numbers = tuple(row["prediction"] for row in rows)
                    seen.answers.add((found["model"], numbers))
                except (requests.RequestException, KeyError, ValueError) as error:
                    seen.failures.append(repr(error))
                seen.requests += 1


def wait_for_version(url, version):
    """Wait until several answers in a row, of any worker, are of the version."""
    deadline, in_a_row = time.monotonic() + SECONDS_TO_SWITCH, 0
    while in_a_row < 20:
        model = requests.get(f"{url}/readyz", timeout=10).json().get("model")
        in_a_row += 1
        if model != version:
            in_a_row = 0
            assert time.monotonic() < deadline, f"{model} is served, not {version}"


@pytest.mark.parametrize(
    ("connections", "switches"),
    [(8, 4), pytest.param(64, 20, marks=pytest.mark.slow)],
)
def test_switching_builds_under_load_fails_no_request(two, connections, switches):
    folder, versions = two
    pairs = some_pairs(folder / versions[0])
    numbers = expected(folder, versions, pairs)
    assert numbers[versions[0]] != numbers[versions[1]]
    with running_server(folder) as server:
        stop, seen = threading.Event(), [Seen() for _ in range(connections)]
        clients = [
            threading.Thread(target=ask, args=(server.url, pairs, stop, one))
            for one in seen
        ]
        for client in clients:
            client.start()
        try:
            for i in range(switches):
                artifacts.switch(folder, versions[i % 2])
                wait_for_version(server.url, versions[i % 2])
        finally:
            stop.set()
            for client in clients:
                client.join()
    assert [failure for one in seen for failure in one.failures] == []
    assert sum(one.requests for one in seen) > connections * switches
    answers = set().union(*(one.answers for one in seen))
    whole = {(version, all_) for version, all_ in numbers.items()}
    single = {(version, all_[:1]) for version, all_ in numbers.items()}
    assert answers == whole | single


def test_a_build_that_does_not_verify_is_refused_and_the_old_one_answers(two):
    folder, (first, second) = two
    artifacts.switch(folder, first)
    model = folder / second / "model.pkl"
    model.write_bytes(model.read_bytes()[:-1])
    # One worker: another that is still loading then would have no old build.
    with running_server(folder, "--workers", "1") as server:
        artifacts.switch(folder, second)
        deadline = time.monotonic() + SECONDS_TO_SWITCH
        while True:
            ready = requests.get(f"{server.url}/readyz", timeout=10)
            assert ready.status_code == 200
            assert ready.json()["model"] == first
            if ready.json()["refused"]:
                break
            assert time.monotonic() < deadline
        assert ready.json()["refused"]["version"] == second
        assert "model.pkl" in ready.json()["refused"]["reason"]
        told = requests.get(f"{server.url}/v1/model", timeout=10).json()
        assert told["version"] == first


def test_a_server_without_builds_serves_the_first_that_is_made(
    tiny_data, tiny_artifacts, tmp_path
):
    folder, build = copied(tiny_artifacts, tmp_path / "artifacts")
    (build / "model.pkl").unlink()
    with running_server(folder) as server:
        assert requests.get(f"{server.url}/readyz", timeout=10).status_code == 503
        manifest, _ = build_tiny(tiny_data, folder, parameters=PARAMETERS)
        deadline = time.monotonic() + SECONDS_TO_SWITCH
        while requests.get(f"{server.url}/readyz", timeout=10).status_code != 200:
            assert time.monotonic() < deadline
        wait_for_version(server.url, manifest.version)
