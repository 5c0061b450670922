"""The description of the API as a page, in a browser that may load nothing else."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_docs_fit_every_width_and_are_accessible(open_page, color_scheme):
    page = open_page("docs", color_scheme=color_scheme)
    expect(page.get_by_role("heading", name="The HTTP API")).to_be_visible()
    for width in (1440, 360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    assert results.violations_count == 0, results.generate_report()


def test_an_example_opens_and_a_curl_line_is_marked_whole_by_a_click(open_page):
    page = open_page("docs#top")
    top = page.locator("#top")
    top.get_by_text("Example").first.click()
    expect(top.get_by_text('"units":').first).to_be_visible()
    line = top.locator(".curl")
    line.click()
    marked = page.evaluate("getSelection().toString()")
    assert marked.strip() == line.inner_text().strip()
    assert marked.startswith("curl ")


def test_the_docs_load_two_sheets_and_nothing_from_elsewhere(open_page, server):
    page, asked = open_page("docs"), []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    expect(page.get_by_role("heading", name="Types")).to_be_visible()
    assert all(url.startswith(f"{server.url}/") for url in asked)
    assert {url.rsplit("/", 1)[1] for url in asked} >= {"style.css", "docs.css"}
