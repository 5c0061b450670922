"""`/docs`: the description as a page, with nothing from elsewhere."""

import re
import shlex

import pytest

from service.operations import OPERATIONS
from tests.service.clients import client_of, post


@pytest.fixture(scope="module")
def page(client):
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return answer


def curl_lines(page):
    """What the page gives to copy, as words."""
    found = re.findall(r'<pre class="curl"[^>]*>(.*?)</pre>', page.text, re.DOTALL)
    unescaped = (re.sub("&#39;", "'", re.sub("&#34;", '"', line)) for line in found)
    return [shlex.split(line.replace("&amp;", "&")) for line in unescaped]


def test_it_tells_of_every_operation(page):
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in page.text
        assert f"{operation.method} {operation.path}" in page.text


def test_it_loads_nothing_from_elsewhere_and_runs_nothing(page):
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page.text) == []
    assert "<script" not in page.text
    assert 'style="' not in page.text


def test_what_it_links_to_is_there(client, page):
    links = set(re.findall(r'href="([^"]+)"', page.text))
    for link in links:
        if link.startswith("#"):
            assert f'id="{link[1:]}"' in page.text, link
        else:
            with client.get(link) as answer:
                assert answer.status_code == 200, link


def test_every_curl_line_is_answered(client, page):
    lines = curl_lines(page)
    assert len(lines) == len(OPERATIONS)
    for curl, *words in lines:
        assert curl == "curl"
        path = words[-1].removeprefix("http://localhost")
        if "-d" in words:
            body = words[words.index("-d") + 1].encode()
            assert post(client, body, path).status_code == 200
        else:
            with client.get(path) as answer:
                assert answer.status_code == 200, path


def test_a_name_is_shown_as_text(page):
    assert "&#34;shop_id&#34;" in page.text


def test_an_address_of_the_browsers_is_only_text(client):
    answer = client.get("/docs", headers={"Host": 'x"><script>alert(1)</script>'})
    assert "<script" not in answer.text


def test_it_is_there_without_a_build(tmp_path):
    assert client_of(tmp_path).get("/docs").status_code == 200
