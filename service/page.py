"""Pages for people: their files, and what the browser may do with them."""

from pathlib import Path

from flask import Flask, Response, send_from_directory

from service import operations
from service.routes import route

FILES = Path(__file__).parent / "page"
HEADERS = {
    # Files of the page itself and the API beside it: nothing else, from nowhere else.
    "Content-Security-Policy": "default-src 'self'; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'",
    "Referrer-Policy": "no-referrer",
    # Asked for each time and mostly answered 304: all files are of one version.
    "Cache-Control": "no-cache",
}
# The report is one file with its style in it, and asks for nothing.
REPORT_HEADERS = HEADERS | {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}


def add_page(app: Flask) -> None:
    """Serve the page at `/` and its files below `/page/`."""

    @route(app, operations.PAGE)
    def page() -> Response:
        return _file("index.html")

    @app.get("/page/<path:name>")
    def page_file(name: str) -> Response:
        return _file(name)


def _file(name: str) -> Response:
    answer = send_from_directory(FILES, name)
    answer.headers.update(HEADERS)
    return answer
