"""Hours in short: half load and new builds, and nothing grows or fails."""

import os
import threading
import time
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median

import pytest
import requests

from model import artifacts
from tests.conftest import running_server
from tests.model.tiny import built_with, copied
from tests.service.test_overload import memory_of, workers_of
from tests.service.test_reload import expected, some_pairs

MINUTES = float(os.environ.get("SALES_SOAK_MINUTES", "1"))
CONNECTIONS = 4
RELOADS = 12  # at least, and one each 20 seconds
GROWTH = 1.05
JSON = "application/json"


@dataclass
class Client:
    """One connection that asks as long as it rests: half of what it could."""

    url: str
    pairs: list[tuple[int, int]]
    stop: threading.Event
    requests: int = 0
    failures: list[str] = field(default_factory=list)
    answers: set[tuple[str, tuple[float, ...]]] = field(default_factory=set)

    def run(self) -> None:
        rows = [{"shop_id": shop, "item_id": item} for shop, item in self.pairs]
        text = "shop_id,item_id\n" + "".join(f"{s},{i}\n" for s, i in self.pairs)
        with requests.Session() as session:
            for ask in cycle([self.one, self.many, self.csv, self.searched]):
                if self.stop.is_set():
                    return
                started = time.monotonic()
                try:
                    ask(session, rows, text)
                except (requests.RequestException, KeyError, ValueError) as error:
                    self.failures.append(repr(error))
                self.requests += 1
                time.sleep(time.monotonic() - started)

    def post(self, session, **body):
        answer = session.post(self.url, timeout=30, **body)
        answer.raise_for_status()
        return answer

    def one(self, session, rows, _):
        found = self.post(session, json=rows[0]).json()
        self.answers.add((found["model"], (found["prediction"],)))

    def many(self, session, rows, _):
        found = self.post(session, json=rows).json()
        numbers = tuple(row["prediction"] for row in found["predictions"])
        self.answers.add((found["model"], numbers))

    def csv(self, session, rows, text):
        headers = {"Content-Type": "text/csv"}
        lines = self.post(session, data=text, headers=headers).text.splitlines()
        if len(lines) != len(rows) + 1:
            raise ValueError(f"{len(lines)} lines")

    def searched(self, session, *_):
        session.get(f"{self.url}/v1/items?q=a", timeout=30).raise_for_status()


@dataclass(frozen=True)
class Sample:
    """What the workers hold at one moment."""

    at: float  # of the whole time, 0 to 1
    pids: frozenset[int]
    megabytes: float
    descriptors: int


def sample(server, at):
    pids = frozenset(workers_of(server))
    held = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)
    return Sample(at, pids, sum(map(memory_of, pids)), held)


def watch(server, folder, versions):
    """Switch builds and take samples until the time is over."""
    seconds = MINUTES * 60
    between = min(20.0, seconds / RELOADS)
    started, switches, samples = time.monotonic(), 0, []
    while (passed := time.monotonic() - started) < seconds:
        if passed >= switches * between:
            artifacts.switch(folder, versions[switches % 2])
            switches += 1
        samples.append(sample(server, passed / seconds))
        time.sleep(0.5)
    return switches, samples


@pytest.mark.slow
def test_half_load_and_new_builds_leave_nothing_behind(
    tiny_data, tiny_artifacts, tmp_path
):
    """SALES_SOAK_MINUTES, the first third of them to warm up."""
    folder, first = copied(tiny_artifacts, tmp_path / "artifacts")
    versions = (built_with(7.5, tiny_data, folder)[1].name, first.name)
    pairs = some_pairs(first)
    with running_server(folder) as server:
        stop = threading.Event()
        clients = [Client(server.url, pairs, stop) for _ in range(CONNECTIONS)]
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        try:
            switches, samples = watch(server, folder, versions)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    early = [one for one in samples if 1 / 3 < one.at < 2 / 3]
    late = [one for one in samples if one.at >= 2 / 3]
    before, after = (median(one.megabytes for one in some) for some in (early, late))
    # The least: while a build is loaded, its files are open for a moment.
    open_, still = (min(one.descriptors for one in some) for some in (early, late))
    print(
        f"{sum(client.requests for client in clients):,} requests, {switches} switches,"
        f" {before:.0f} MB, then {after:.0f} MB,"
        f" {open_} descriptors, then {still}"
    )
    assert [failure for client in clients for failure in client.failures] == []
    answers = set().union(*(client.answers for client in clients))
    numbers = expected(folder, versions, pairs)
    assert answers <= {
        (version, some)
        for version, all_ in numbers.items()
        for some in (all_, all_[:1])
    }
    assert {version for version, _ in answers} == set(versions)
    assert len({one.pids for one in samples}) == 1, "a worker died"
    assert after < before * GROWTH
    assert still <= open_
