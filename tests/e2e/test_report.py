"""The report as a browser shows it: whole on a phone, and readable by everyone."""

import pytest
from playwright.sync_api import expect

from tests.e2e.test_page import assert_accessible

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_fits_the_window_and_axe_finds_nothing(open_page, width, scheme):
    page = open_page("report", width=width, color_scheme=scheme)
    expect(page.get_by_role("heading", level=1)).to_contain_text("2015-11")
    for summary in page.locator("summary").all():
        summary.click()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide == width
    assert_accessible(page)


def test_the_reports_own_style_is_applied(open_page):
    page = open_page("report", color_scheme="dark")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(20, 23, 26)"
    assert page.get_by_role("img").count() == 6
