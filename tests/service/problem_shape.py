"""The contract of every error answer: RFC 9457 problem details, and nothing else."""

import json
from http import HTTPStatus

MEDIA_TYPE = "application/problem+json"
MOST_SHOWN = 20


def assert_problem(answer, status, pointers=None, *words):
    """The answer is a problem of that status; returns its body.

    `pointers` are those of its faults, in order; `words` stand in its detail. Takes
    answers of Flask's test client and of `requests`.
    """
    text = (answer.data if hasattr(answer, "data") else answer.content).decode()
    assert answer.status_code == status, text[:500]
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    body = json.loads(text)
    assert_members(body, status)
    if pointers is not None:
        assert [fault["pointer"] for fault in body.get("errors", [])] == pointers
    for word in words:
        assert word in body["detail"], body["detail"]
    return body


def assert_members(body, status):
    """A problem's members, each of its type; no trace of where the code failed."""
    assert list(body)[:4] == ["type", "title", "status", "detail"]
    assert body["type"] == "about:blank"
    assert body["title"] == HTTPStatus(status).phrase
    assert body["status"] == status
    assert body["detail"]
    assert "\n" not in body["detail"]
    assert "Traceback" not in body["detail"]
    assert list(body)[4:] in ([], ["errors", "error_count"])
    if "errors" in body:
        faults = body["errors"]
        assert len(faults) == min(body["error_count"], MOST_SHOWN) > 0
        assert all(set(fault) == {"pointer", "detail"} for fault in faults)
        assert all(fault["detail"] for fault in faults)
        assert all(f["pointer"] == "" or f["pointer"][0] == "/" for f in faults)
