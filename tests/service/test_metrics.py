"""The metrics: what was asked, of all workers, in Prometheus' format."""

import multiprocessing
import os
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.app import create_app
from service.board import Board, is_alive
from service.metrics import BUCKETS, Family, Metrics
from service.settings import read_settings
from tests.service.clients import client_of, pair, post


def scraped(text):
    """{(name, labels): value}, as Prometheus reads it."""
    return {
        (sample.name.removeprefix("salespredictor_"), *sorted(sample.labels.items())): (
            sample.value
        )
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def metrics_of(client):
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return scraped(answer.text)


def requests_of(found):
    """{(method, route, status): count}."""
    return {
        tuple(value for _, value in key[1:]): count
        for key, count in found.items()
        if key[0] == "requests_total"
    }


@pytest.fixture
def fresh(small_artifacts):
    return client_of(small_artifacts)


def test_requests_are_counted_by_route_method_and_status(fresh):
    for _ in range(3):
        post(fresh, pair(24, 6))
    post(fresh, [pair(24, 6)], "/")
    post(fresh, b"{")
    post(fresh, pair(24, 6), content_type="text/html")
    fresh.get("/v1/shops/24/items/6")
    fresh.get("/v1/shops/25/items/6")
    fresh.get("/nope")
    fresh.open("/", method="BREW")
    assert requests_of(metrics_of(fresh)) == {
        ("POST", "/v1/predict", "200"): 3,
        ("POST", "/", "200"): 1,
        ("POST", "/v1/predict", "400"): 1,
        ("POST", "/v1/predict", "415"): 1,
        ("GET", "/v1/shops/<shop_id>/items/<item_id>", "200"): 2,
        ("GET", "other", "404"): 1,
        ("other", "/", "405"): 1,
    }


def test_rows_are_counted_by_what_they_rest_on(fresh, rows):
    known = {basis: rows[rows.basis == basis].index[0] for basis in ("pair", "none")}
    post(fresh, pair(*known["pair"]))
    batch = [pair(*known["none"]), pair(999, 6), pair(24, 10**9), pair(999, 10**9)]
    post(fresh, batch)
    post(fresh, {"input": [[1] * 44] * 5})
    post(fresh, pair(999, 6))  # a 404 is no prediction
    found = metrics_of(fresh)
    counted = {k[1][1]: int(v) for k, v in found.items() if k[0] == "rows_total"}
    assert counted == {
        "pair": 1,
        "item": 0,
        "none": 1,
        "unknown_shop": 2,
        "unknown_item": 1,
        "unknown_pair": 0,
        "vector": 5,
    }


def test_the_examples_of_the_description_are_no_predictions(fresh):
    assert fresh.get("/openapi.json").json["paths"]
    found = metrics_of(fresh)
    assert {v for k, v in found.items() if k[0] == "rows_total"} == {0}


def test_times_are_a_histogram_by_route(fresh):
    for _ in range(4):
        fresh.get("/healthz")
    found = metrics_of(fresh)
    route = ("route", "/healthz")
    upto = [found["request_seconds_bucket", ("le", str(le)), route] for le in BUCKETS]
    assert upto == sorted(upto)
    assert found["request_seconds_bucket", ("le", "+Inf"), route] == 4
    assert found["request_seconds_count", route] == 4
    assert 0 < found["request_seconds_sum", route] < 4


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [
        (0, "0.0001"),
        (0.0001, "0.0001"),
        (0.00011, "0.00025"),
        (10, "10.0"),
        (11, "+Inf"),
    ],
)
def test_a_time_is_in_the_first_bucket_that_holds_it(seconds, bucket):
    metrics = Metrics(Board())
    metrics.add_routes(["/"])
    metrics.request("/", "GET", "200", seconds, ())
    found = scraped(metrics.text())
    holding = [
        dict(key[1:])["le"]
        for key, value in found.items()
        if key[0] == "request_seconds_bucket" and value
    ]
    assert holding[0] == bucket


def test_the_build_is_described(fresh, build):
    found = metrics_of(fresh)
    info = next(dict(key[1:]) for key in found if key[0] == "build_info")
    version, month = build.manifest.version, build.manifest.month
    assert info == {"version": version, "month": month, "demo": "true"}
    assert found["forecast_month",] == build.manifest.date_block_num
    assert 0 < found["build_age_seconds",] < 24 * 3600
    ends = time.strftime(
        "%Y-%m-%d", time.gmtime(found["forecast_end_timestamp_seconds",])
    )
    assert ends == "2015-12-01"
    assert (found["build_refused",], found["builds_refused_total",]) == (0, 0)


def test_without_a_build_the_refusal_is_counted(tmp_path):
    found = metrics_of(client_of(tmp_path))
    assert (found["build_refused",], found["builds_refused_total",]) == (1, 1)
    assert ("build_age_seconds",) not in found


def test_a_label_is_escaped():
    text = 'a"b\\c\nd'
    metrics = Metrics(Board())
    metrics.add_routes([text])
    metrics.request(text, "GET", "200", 1, ())
    told = metrics.text([Family.gauge("x", "What it is.", 1, label=text)])
    assert requests_of(scraped(told)) == {("GET", text, "200"): 1}
    assert scraped(told)["x", ("label", text)] == 1


def work(board, count, ended):
    metrics = Metrics(board)
    metrics.add_routes(["/"])
    for _ in range(count):
        metrics.request("/", "GET", "200", 0.001, (0, 0, 1))
    metrics.enter(10)
    ended.wait()


def test_workers_add_up_and_a_dead_ones_counts_stay():
    context = multiprocessing.get_context("fork")
    board, ended = Board(3), context.Event()
    reader = Metrics(board)  # this process counts as a worker, too
    for round_ in range(1, 4):
        workers = [
            context.Process(target=work, args=(board, 1000, ended)) for _ in range(2)
        ]
        for worker in workers:
            worker.start()
        found = wait_for(reader, 2000 * round_)
        assert (found["in_flight",], found["workers",]) == (2, 3)
        for worker in workers:
            worker.kill()
            worker.join()
        found = scraped(reader.text())
        assert (found["in_flight",], found["workers",]) == (0, 1)
        assert found["rows_total", ("basis", "pair")] == 2000 * round_


def wait_for(reader, rows):
    """The metrics once they tell of so many rows, and of two requests in flight."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = scraped(reader.text())
        if found["rows_total", ("basis", "pair")] == rows and found["in_flight",] == 2:
            return found
        time.sleep(0.02)
    pytest.fail(f"{found} after 20 s")


def test_more_processes_than_rows_are_served_all_the_same():
    board = Board(1)
    board.row(0)[0] = 1  # somebody else, who lives
    row = board.claim()
    assert row[0] == os.getpid()
    assert len(board.used()) == 2


def test_a_process_is_alive_until_it_has_ended():
    assert is_alive(os.getpid())
    assert not is_alive(0)
    child = multiprocessing.get_context("fork").Process(target=int)
    child.start()
    child.join()
    assert not is_alive(child.pid)


def test_too_many_routes_are_refused_at_the_start():
    with pytest.raises(ValueError, match="1000 routes are more than a row holds"):
        Metrics(Board()).add_routes([f"/{i}" for i in range(999)])


def test_the_counts_of_applications_on_one_board_are_one(small_artifacts):
    settings = read_settings({"SALES_ARTIFACTS": str(small_artifacts)})
    board = Board(2)
    clients = [create_app(settings, board).test_client() for _ in range(2)]
    for client in clients:
        client.get("/healthz")
    for client in clients:
        assert requests_of(metrics_of(client))["GET", "/healthz", "200"] == 2
