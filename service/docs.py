"""The service's description: `/openapi.json` for tools, `/docs` for people."""

import json
import re
import shlex
from functools import lru_cache
from typing import Any

import msgspec
from flask import Flask, Response, render_template, request
from markupsafe import Markup, escape

from service import operations
from service.incoming import JSON
from service.note import Tally
from service.openapi import document
from service.page import HEADERS
from service.problems import NotReady
from service.routes import route
from service.served import Ready, Served
from service.tagged import tagged


def add_docs(app: Flask, served: Served, tally: Tally) -> None:
    """Serve the description, with examples of the build that answers."""

    @lru_cache(maxsize=1)
    def described(_version: str) -> dict[str, Any]:
        told = document(app, _ready(served))
        tally.take()  # its examples are nobody's predictions
        return told

    @route(app, operations.OPENAPI)
    def openapi() -> Response:
        version = _version(served)

        def answer() -> Response:
            body = msgspec.json.encode(described(version))
            return Response(body, content_type=JSON)

        return tagged(version, answer)

    @route(app, operations.DOCS)
    def docs() -> Response:
        version = _version(served)
        base = request.host_url.rstrip("/")

        def answer() -> Response:
            told = described(version)
            page = render_template(
                "docs.html", told=told, base=base, curl=curl, prose=prose, pretty=pretty
            )
            return Response(page, headers=HEADERS)

        return tagged(version, answer)


def _ready(served: Served) -> Ready | None:
    try:
        return served.ready()
    except NotReady:
        return None


def _version(served: Served) -> str:
    ready = _ready(served)
    return ready.version if ready else "no-build"


def curl(base: str, method: str, path: str, operation: dict[str, Any]) -> str:
    """The command line that asks for the operation's first example."""
    words = ["curl"]
    if method != "get":
        media, name = JSON, "pair"
        body = operation["requestBody"]["content"][media]["examples"][name]["value"]
        words += ["-X", method.upper(), "-H", f"Content-Type: {media}"]
        words += ["-d", json.dumps(body)]
    return shlex.join([*words, f"{base}{_filled(path, operation)}"])


def _filled(path: str, operation: dict[str, Any]) -> str:
    """The path with the examples of its parameters, and those of a query."""
    given = [p for p in operation.get("parameters", ()) if "example" in p]
    ids = {p["name"]: p["example"] for p in given if p["in"] == "path"}
    query = "&".join(f"{p['name']}={p['example']}" for p in given if p["in"] == "query")
    return path.format(**ids) + (query and f"?{query}")


def prose(text: str) -> Markup:
    """Text with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704


def pretty(value: object) -> str:
    """An example as text: CSV as it is, JSON indented."""
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False)
