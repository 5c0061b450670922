"""Old forecasts say so, where SALES_STALE_AFTER says from when on."""

import time

import pytest

from service.served import DAY, end_of
from tests.service.clients import asked, client_of, got, pair

ENDS = end_of("2015-11")
LONG_AGO = {"SALES_STALE_AFTER": "7"}
NEVER = {"SALES_STALE_AFTER": "1000000"}
ROWS = [pair(24, 6)]


@pytest.mark.parametrize(
    ("month", "when"),
    [("2015-11", "2015-12-01"), ("2015-12", "2016-01-01"), ("2016-02", "2016-03-01")],
)
def test_a_month_ends_where_the_next_begins(month, when):
    ended = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(end_of(month)))
    assert ended == f"{when} 00:00:00"


def test_answers_are_stale_after_the_days_that_are_set(small_artifacts):
    client = client_of(small_artifacts, **LONG_AGO)
    assert asked(client, ROWS[0])["stale"] is True
    assert got(client, "/v1/predict?shop_id=24&item_id=6")["stale"] is True
    assert asked(client, ROWS)["stale"] is True
    assert "stale" not in asked(client, ROWS)["predictions"][0]
    assert "stale" not in asked(client, {"input": [[1] * 44]})
    assert got(client, "/v1/model")["stale"] is True


@pytest.mark.parametrize("environ", [{}, NEVER])
def test_nothing_is_said_of_it_otherwise(small_artifacts, environ):
    client = client_of(small_artifacts, **environ)
    assert "stale" not in asked(client, ROWS[0])
    assert "stale" not in asked(client, ROWS)
    assert got(client, "/v1/model")["stale"] is False


@pytest.mark.parametrize(
    ("clock", "stale"),
    [
        (0, False),
        (-1e9, False),
        (ENDS + 7 * DAY - 1, False),
        (ENDS + 7 * DAY, True),
        (4e9, True),
        (253402300799, True),
    ],
)
def test_a_clock_that_jumps_changes_what_is_said_and_breaks_nothing(
    small_artifacts, monkeypatch, clock, stale
):
    client = client_of(small_artifacts, **LONG_AGO)
    monkeypatch.setattr(time, "time", lambda: clock)
    assert asked(client, ROWS[0]).get("stale", False) is stale
    model = got(client, "/v1/model")
    assert model["stale"] is stale
    assert model["age_days"] >= 0
    assert client.get("/readyz").status_code == 200
    assert "salespredictor_build_age_seconds" in client.get("/metrics").text


def test_the_age_is_told_in_days(small_artifacts):
    assert got(client_of(small_artifacts), "/v1/model")["age_days"] == 0
