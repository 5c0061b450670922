"""The Flask application, wired once by `create_app`: its routes and its errors."""

from collections.abc import Callable
from typing import Any

import msgspec
from flask import Flask, Response, request

from feature_store.descriptions import describe_features
from model.artifacts import REPORT_FIGURES, REPORT_PAGE
from service import failures, operations
from service.answers import Extras
from service.board import Board
from service.bodies import Pair
from service.browse import Browser, Everywhere, Top
from service.docs import add_docs
from service.edge import Edge
from service.facts import Alive, Readiness
from service.incoming import JSON, wants_csv
from service.logs import SILENT, Log
from service.metrics import TEXT, Metrics
from service.note import Tally, note_of
from service.operations import Operation
from service.page import REPORT_HEADERS, add_page
from service.predicting import answer_body
from service.routes import route
from service.served import Served
from service.settings import Settings, read_settings
from service.sheets import MEDIA_TYPE as SHEET
from service.sheets import write_sheet
from service.shortcut import Shortcut
from service.tagged import short_hash, tagged


def create_app(
    settings: Settings | None = None,
    board: Board | None = None,
    log: Log = SILENT,
) -> Flask:
    """The application for the settings (the environment's where None).

    `board` is what the workers of one server share: their counts.
    """
    settings = settings or read_settings()
    tally, metrics = Tally(), Metrics(board or Board())
    app = Flask("service", static_folder=None)
    # Werkzeug cuts a longer body that has no length: one byte more shows it.
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body + 1
    served = Served(
        settings.artifacts, settings.stale_after, tally=tally, metrics=metrics, log=log
    )
    app.extensions["served"] = served
    _add_predictions(app, served, settings)
    _add_lists(app, served)
    _add_facts(app, served, metrics)
    add_page(app)
    add_docs(app, served, tally)
    failures.add_handlers(app, settings)
    app.wsgi_app = Edge(  # type: ignore[method-assign]
        Shortcut(app.wsgi_app, served),
        settings,
        _note_routes(app, metrics),
        metrics=metrics,
        tally=tally,
        log=log,
    )
    return app


def _note_routes(app: Flask, metrics: Metrics) -> list[str]:
    """Have requests noted and counted by route; the routes without parameters."""
    routes = [rule.rule for rule in app.url_map.iter_rules()]
    metrics.add_routes(routes)

    @app.before_request
    def note() -> None:
        if request.url_rule:
            note_of(request.environ).route = request.url_rule.rule

    return [route for route in routes if "<" not in route]


def _add_predictions(app: Flask, served: Served, settings: Settings) -> None:
    @route(app, operations.PREDICT)
    @route(app, operations.PREDICT_AT_ROOT)
    def predict(**extras: bool) -> Response:
        return answer_body(served.ready().predictor, Extras(**extras), settings)

    @route(app, operations.PREDICT_BY_ADDRESS)
    def predict_by_address(shop_id: int, item_id: int, **extras: bool) -> Response:
        pair = Pair(shop_id, item_id)
        answer = served.ready().predictor.one(pair, Extras(**extras))
        return _fleeting(Response(answer, content_type=JSON))


def _add_lists(app: Flask, served: Served) -> None:
    def add(operation: Operation, ask: Callable[..., object]) -> None:
        @route(app, operation)
        def answer(**asked: Any) -> Response:
            ready = served.ready()
            return tagged(ready.version, lambda: _json(ask(ready.browser, **asked)))

    add(operations.SHOPS, Browser.shops)
    add(operations.CATEGORIES, Browser.categories)
    add(operations.ITEMS, Browser.search)
    add(operations.PAIR, Browser.pair)
    _add_sheet(app, served, operations.TOP, Browser.top)
    _add_sheet(app, served, operations.EVERYWHERE, Browser.everywhere)


def _add_sheet(
    app: Flask,
    served: Served,
    operation: Operation,
    ask: Callable[..., Top | Everywhere],
) -> None:
    """A list that is answered as JSON or, by `Accept`, as CSV."""

    @route(app, operation)
    def answer(**asked: Any) -> Response:
        ready = served.ready()
        csv = wants_csv()
        kind, write = (SHEET, write_sheet) if csv else (JSON, msgspec.json.encode)
        answer = tagged(
            f"{ready.version}-csv" if csv else ready.version,
            lambda: Response(write(ask(ready.browser, **asked)), content_type=kind),
        )
        answer.vary.add("Accept")
        return answer


def _add_facts(app: Flask, served: Served, metrics: Metrics) -> None:
    @route(app, operations.HEALTHZ)
    def healthz() -> Response:
        return _fleeting(_json(Alive()))

    @route(app, operations.READYZ)
    def readyz() -> Response:
        model = served.ready().version
        return _fleeting(_json(Readiness(model=model, refused=served.refused)))

    @route(app, operations.METRICS)
    def counts() -> Response:
        text = metrics.text(served.families())
        return _fleeting(Response(text, content_type=TEXT))

    @route(app, operations.MODEL)
    def model() -> Response:
        ready = served.ready()
        answer = _json(ready.told(served.refused))
        # Some of it changes while the build does not.
        return tagged(f"{ready.version}-{short_hash(answer.data)}", lambda: answer)

    @route(app, operations.REPORT)
    def report() -> Response:
        ready = served.ready()
        content = ready.build.report[REPORT_PAGE]
        return tagged(ready.version, lambda: Response(content, headers=REPORT_HEADERS))

    @route(app, operations.REPORT_FIGURES)
    def report_figures() -> Response:
        ready = served.ready()
        content = ready.build.report[REPORT_FIGURES]
        return tagged(ready.version, lambda: Response(content, content_type=JSON))

    @route(app, operations.FEATURES)
    def features() -> Response:
        return tagged("features", lambda: _json(describe_features()))


def _json(body: object) -> Response:
    return Response(msgspec.json.encode(body), content_type=JSON)


def _fleeting(answer: Response) -> Response:
    """The answer, for nobody to keep: the next may be another."""
    answer.headers["Cache-Control"] = "no-store"
    return answer
