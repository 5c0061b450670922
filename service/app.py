"""The Flask application, wired once by `create_app`: its routes and its errors."""

from collections.abc import Sequence

import msgspec
from flask import Flask, Response, request

from feature_store.descriptions import describe_features
from model.artifacts import REPORT_FIGURES, REPORT_PAGE
from service import bodies, failures
from service.answers import NO_EXTRAS, Extras, Predictor, ids_of
from service.incoming import ARROW, CSV, JSON, media_type, whole_body
from service.page import REPORT_HEADERS, add_page
from service.problems import BadRequest, TooLarge
from service.queries import ID, Parameter, flag, parse_query, whole
from service.served import Served
from service.settings import Settings, read_settings
from service.tables import Ids, read_arrow, read_csv, table_of

NOT_FOUND = "Salespredictor-Not-Found"
MOST_ROWS = 1000  # of a list, or of a batch that asks for more than numbers
MOST_EXPLAINED = 100

NOTHING = ()
PAIR = (Parameter("shop_id", ID), Parameter("item_id", ID))
EXTRAS = tuple(Parameter(name, flag, False) for name in Extras.__dataclass_fields__)
PAGING = (
    Parameter("category", ID, None),
    Parameter("limit", whole(1, MOST_ROWS), 50),
    Parameter("offset", whole(0, 10**9), 0),
)
SEARCH = (Parameter("q", str, ""), *PAGING)


def create_app(settings: Settings | None = None) -> Flask:
    """The application for the settings (the environment's where None)."""
    settings = settings or read_settings()
    app = Flask("service", static_folder=None)
    # Werkzeug cuts a longer body that has no length: one byte more shows it.
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body + 1
    served = Served(settings.artifacts)
    app.extensions["served"] = served
    _add_predictions(app, served, settings)
    _add_lists(app, served)
    _add_facts(app, served)
    add_page(app)
    failures.add_handlers(app, settings)
    return app


def _add_predictions(app: Flask, served: Served, settings: Settings) -> None:
    @app.post("/")
    @app.post("/v1/predict")
    def predict() -> Response:
        predictor = served.ready().predictor
        extras = _extras()
        kind = media_type()
        body = whole_body(settings.max_body)
        if kind == JSON:
            return _predict_json(predictor, body, extras, settings.max_rows)
        if extras:
            names = ", ".join(extra.name for extra in EXTRAS)
            raise BadRequest(f"{names} need a body of type {JSON}")
        if kind == CSV:
            return _csv(predictor, read_csv(body, settings.max_rows))
        ids = read_arrow(body, settings.max_rows, settings.max_body)
        return Response(predictor.arrow(ids), content_type=ARROW)

    @app.get("/v1/predict")
    def predict_by_address() -> Response:
        asked = parse_query(request.args, (*PAIR, *EXTRAS))
        pair = bodies.Pair(asked.pop("shop_id"), asked.pop("item_id"))
        answer = served.ready().predictor.one(pair, Extras(**asked))
        return Response(answer, content_type=JSON)


def _predict_json(
    predictor: Predictor, body: bytes, extras: Extras, max_rows: int
) -> Response:
    """The answer to a JSON body, told apart by its shape."""
    asked = bodies.parse(body, max_rows)
    if isinstance(asked, bodies.Pair):
        return Response(predictor.one(asked, extras), content_type=JSON)
    if isinstance(asked, bodies.Vectors):
        matrix = bodies.vectors_of(asked, body, max_rows)
        return Response(predictor.vectors(asked, matrix), content_type=JSON)
    _limit_extras(asked, extras)
    if CSV in request.headers.get("Accept", "") and not extras:
        return _csv(predictor, table_of(*ids_of(asked)))
    return Response(predictor.many(asked, extras), content_type=JSON)


def _csv(predictor: Predictor, ids: Ids) -> Response:
    answer, unknown = predictor.csv(ids)
    return Response(answer, content_type=CSV, headers={NOT_FOUND: str(unknown)})


def _extras() -> Extras:
    """What the address asks for beside the prediction."""
    if not request.query_string:
        return NO_EXTRAS
    return Extras(**parse_query(request.args, EXTRAS))


def _limit_extras(pairs: Sequence[bodies.Pair], extras: Extras) -> None:
    """Raise TooLarge where a batch asks for more than it may."""
    limit = MOST_EXPLAINED if extras.explain else MOST_ROWS
    more = extras or any(pair.override for pair in pairs)
    if more and len(pairs) > limit:
        raise TooLarge(
            f"{len(pairs):,} rows with features, explanations, intervals or overrides;"
            f" at most {MOST_ROWS:,} are allowed, {MOST_EXPLAINED:,} with explanations"
        )


def _add_lists(app: Flask, served: Served) -> None:
    @app.get("/v1/shops")
    def shops() -> Response:
        parse_query(request.args, NOTHING)
        return _json(served.ready().browser.shops())

    @app.get("/v1/categories")
    def categories() -> Response:
        parse_query(request.args, NOTHING)
        return _json(served.ready().browser.categories())

    @app.get("/v1/items")
    def items() -> Response:
        asked = parse_query(request.args, SEARCH)
        return _json(served.ready().browser.search(**asked))

    @app.get("/v1/shops/<shop>/items/<item>")
    def pair(shop: str, item: str) -> Response:
        parse_query(request.args, NOTHING)
        asked = parse_query({"shop_id": shop, "item_id": item}, PAIR)
        return _json(served.ready().browser.pair(**asked))

    @app.get("/v1/shops/<shop>/top")
    def top(shop: str) -> Response:
        shop_id = parse_query({"shop_id": shop}, PAIR[:1])["shop_id"]
        asked = parse_query(request.args, PAGING)
        return _json(served.ready().browser.top(shop_id, **asked))

    @app.get("/v1/items/<item>/shops")
    def everywhere(item: str) -> Response:
        parse_query(request.args, NOTHING)
        asked = parse_query({"item_id": item}, PAIR[1:])
        return _json(served.ready().browser.everywhere(**asked))


def _add_facts(app: Flask, served: Served) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return _json({"status": "alive"})

    @app.get("/readyz")
    def readyz() -> Response:
        version = served.ready().build.manifest.version
        return _json({"status": "ready", "model": version, "refused": served.refused})

    @app.get("/v1/model")
    def model() -> Response:
        parse_query(request.args, NOTHING)
        manifest = msgspec.to_builtins(served.ready().build.manifest)
        return _json({**manifest, "refused": served.refused})

    @app.get("/report")
    def report() -> Response:
        content = served.ready().build.report[REPORT_PAGE]
        return Response(content, headers=REPORT_HEADERS)

    @app.get("/report/report.json")
    def report_figures() -> Response:
        content = served.ready().build.report[REPORT_FIGURES]
        return Response(content, content_type=JSON)

    @app.get("/v1/features")
    def features() -> Response:
        parse_query(request.args, NOTHING)
        return _json(describe_features())


def _json(body: object) -> Response:
    return Response(msgspec.json.encode(body), content_type=JSON)
