"""The report of the build that is served, as a page and as figures."""

import json

import pytest

from tests.model.tiny import copied
from tests.service.clients import client_of
from tests.service.problem_shape import assert_problem


def test_the_report_of_the_build_is_served_as_it_was_written(client, build):
    page, figures = client.get("/report"), client.get("/report/report.json")
    assert (page.status_code, figures.status_code) == (200, 200)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert figures.headers["Content-Type"] == "application/json"
    assert page.data == (build.folder / "report" / "index.html").read_bytes()
    assert json.loads(figures.data)["month"] == build.manifest.month


def test_the_page_may_use_its_own_style_and_nothing_else(client):
    headers = client.get("/report").headers
    policy = dict(
        part.strip().split(" ", 1)
        for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy.pop("style-src") == "'unsafe-inline'"
    assert policy.pop("default-src") == "'none'"
    assert set(policy.values()) == {"'none'"}
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", ["/report", "/report/report.json"])
def test_without_a_build_there_is_no_report(address, tmp_path):
    assert_problem(client_of(tmp_path).get(address), 503, [], "no build")


def test_a_build_whose_report_was_altered_is_not_served(tiny_artifacts, tmp_path):
    out, folder = copied(tiny_artifacts, tmp_path / "out")
    (folder / "report" / "index.html").write_text("better")
    answer = client_of(out).get("/report")
    assert_problem(answer, 503, [], "index.html", "the manifest says")
