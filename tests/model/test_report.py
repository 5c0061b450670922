"""The report of a build: its figures, and the page that shows them."""

import re
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest

from feature_store.definitions import FEATURES, GROUPS
from model import report_page
from model.artifacts import Build, current
from model.report import Report, importance
from model.report_page import ceiling, render, short, ticks


@pytest.fixture(scope="module")
def build(tiny_artifacts):
    return Build.open(current(tiny_artifacts))


@pytest.fixture(scope="module")
def report(build):
    content = (build.folder / "report" / "report.json").read_bytes()
    return msgspec.json.decode(content, type=Report)


class Reader(HTMLParser):
    """Checks that tags are closed in order; gathers tags, attributes and text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def named(reader, tag):
    return [attributes for found, attributes in reader.tags if found == tag]


def test_the_report_holds_what_the_manifest_says_and_is_one_of_its_files(build, report):
    facts = build.manifest
    assert report.holdout == facts.training.holdout
    assert (report.month, report.demo) == (facts.month, facts.demo)
    assert {"report/index.html", "report/report.json"} < set(facts.files)


def test_every_month_that_was_forecast_is_told_with_every_baseline(build, report):
    training = build.manifest.training
    *past, last = report.months
    errors = {month.month: month.model.rmse for month in past}
    assert errors == pytest.approx(training.choosing, rel=1e-5)
    assert (last.month, last.model) == (training.holdout.month, training.holdout.model)
    assert last.baselines == training.holdout.baselines
    for month in report.months:
        assert len(month.baselines) == 5
        assert month.model.bias == pytest.approx(
            (month.predicted - month.actual) / month.rows, abs=1e-6
        )


def test_every_part_of_the_errors_sums_to_the_whole(report):
    rows = report.holdout.rows
    squares = rows * report.holdout.model.rmse**2
    for parts in (report.errors.basis, report.errors.category, report.errors.price):
        assert sum(part.rows for part in parts) == rows
        assert sum(p.rows * p.rmse**2 for p in parts) == pytest.approx(squares)
    assert report.errors.listed[0] == report.holdout.listed
    assert sum(one.rows for one in report.intervals.decile) == rows


def test_the_importance_of_a_feature_is_its_gain_and_the_size_of_its_contributions(
    build, report
):
    assert {one.feature for one in report.importance} == set(FEATURES)
    assert all(one.feature in GROUPS[one.group] for one in report.importance)
    assert sum(one.gain for one in report.importance) == pytest.approx(1)
    sizes = [one.shap for one in report.importance]
    assert sizes == sorted(sizes, reverse=True)
    again = importance(build.booster, build.store)
    assert [one.feature for one in again] == [one.feature for one in report.importance]


def test_the_page_is_whole_needs_nothing_from_elsewhere_and_runs_nothing(build):
    page = (build.folder / "report" / "index.html").read_text(encoding="utf-8")
    reader = Reader(page)
    assert reader.open == []
    assert not re.search(r"https?:|url\(|@import", page)
    tags = {tag for tag, _ in reader.tags}
    assert not tags & {"script", "link", "img", "iframe", "form", "a"}
    assert not any(
        name.startswith("on") or name == "style"
        for _, attributes in reader.tags
        for name in attributes
    )


def test_every_plot_has_a_name_a_sentence_and_its_figures_as_a_table(build, report):
    page = (build.folder / "report" / "index.html").read_text(encoding="utf-8")
    sections = re.findall(r"<section.*?</section>", page, re.DOTALL)
    plots = [section for section in sections if 'role="img"' in section]
    assert len(plots) == 6
    for section in plots:
        assert re.search(r'<svg [^>]*role="img" aria-label="[^"]{10,}"', section)
        assert re.search(r"<h2>.+</h2>\s*<p>\S", section)
        assert section.count("<details>") == 1
        assert "<table>" in section
    text = Reader(page).text
    assert f"{report.holdout.model.rmse:.4f}" in text
    assert f"{report.errors.category[-1].rmse:.4f}" in text
    assert all(f"\n{name}" in text or name in text for name in FEATURES)


def test_names_are_text_and_no_markup(report):
    worst = msgspec.structs.replace(
        report.errors.category[0], name='<b onclick="x">"&\'</b>'
    )
    errors = msgspec.structs.replace(report.errors, category=[worst])
    page = render(msgspec.structs.replace(report, errors=errors))
    assert "<b " not in page
    assert worst.name in Reader(page).text


def test_a_model_that_is_beaten_is_called_so(report):
    held = report.holdout
    for rmse, words in ((9.0, "does not beat every other way"), (0.1, "% less than")):
        model = msgspec.structs.replace(held.model, rmse=rmse)
        changed = msgspec.structs.replace(held, model=model)
        text = Reader(render(msgspec.structs.replace(report, holdout=changed))).text
        assert words in text
        assert ("does not beat" in text) == (rmse == 9)


def test_a_demo_is_called_so_and_real_data_are_not(report):
    assert "made up" in render(report)
    assert "made up" not in render(msgspec.structs.replace(report, demo=False))


def test_months_without_sales_are_told_in_words(report):
    months = [msgspec.structs.replace(month, actual=0.0) for month in report.months]
    assert report_page.total_words(months) == "Nothing was sold in these months."


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 1e-9), (0.3, 0.5), (1, 1), (1.2, 2), (2.1, 2.5), (4, 5), (7, 10), (61e3, 1e5)],
)
def test_an_axis_ends_at_a_round_number(value, expected):
    assert ceiling(value) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("low", "high"), [(0.72, 1.31), (1, 1), (0, 0), (0.9, 0.93), (3, 700)]
)
def test_the_marks_of_an_axis_hold_every_value(low, high):
    marks = ticks(low, high)
    assert 2 <= len(marks) <= 7
    assert marks[0] <= low
    assert marks[-1] >= high
    assert np.diff(marks) == pytest.approx(marks[1] - marks[0])


def test_numbers_on_an_axis_are_short():
    told = [short(*value) for value in ((0.5, 2), (1, 2), (1200, 0), (61000, 0))]
    assert told == ["0.5", "1", "1,200", "61k"]
