"""A prediction request: its body's type and shape say what is asked and answered."""

from collections.abc import Sequence

from flask import Response
from msgspec import UNSET

from service import bodies
from service.answers import Extras, Predictor, ids_of
from service.incoming import ARROW, CSV, JSON, media_type, wants_csv, whole_body
from service.operations import EXTRAS, MOST_EXPLAINED, MOST_ROWS
from service.problems import BadRequest, TooLarge
from service.settings import Settings
from service.tables import Ids, read_arrow, read_csv, table_of

NOT_FOUND = "Salespredictor-Not-Found"


def answer_body(predictor: Predictor, extras: Extras, settings: Settings) -> Response:
    """The answer to the request's body. Raises ProblemError and UnknownEntity."""
    kind = media_type()
    body = whole_body(settings.max_body)
    if kind == JSON:
        return _answer_json(predictor, body, extras, settings.max_rows)
    if extras:
        names = ", ".join(extra.name for extra in EXTRAS)
        raise BadRequest(f"{names} need a body of type {JSON}")
    if kind == CSV:
        return _csv(predictor, read_csv(body, settings.max_rows))
    ids = read_arrow(body, settings.max_rows, settings.max_body)
    return Response(predictor.arrow(ids), content_type=ARROW)


def _answer_json(
    predictor: Predictor, body: bytes, extras: Extras, max_rows: int
) -> Response:
    """The answer to a JSON body, told apart by its shape."""
    asked = bodies.parse(body, max_rows)
    if isinstance(asked, bodies.Pair):
        return Response(predictor.one(asked, extras), content_type=JSON)
    if isinstance(asked, bodies.Vectors):
        matrix = bodies.vectors_of(asked, body, max_rows)
        return Response(predictor.vectors(asked, matrix), content_type=JSON)
    return _answer_batch(predictor, asked, extras)


def _answer_batch(
    predictor: Predictor, pairs: Sequence[bodies.Pair], extras: Extras
) -> Response:
    """The answer to a list of pairs; what is more than a number is told in JSON."""
    more = bool(extras) or any(pair.override is not UNSET for pair in pairs)
    if more:
        _limit(len(pairs), extras)
    elif wants_csv():
        return _csv(predictor, table_of(*ids_of(pairs)))
    answer = predictor.many(pairs, extras if more else None)
    return Response(answer, content_type=JSON)


def _limit(rows: int, extras: Extras) -> None:
    """Raise TooLarge where a batch asks for more than it may."""
    if rows > (MOST_EXPLAINED if extras.explain else MOST_ROWS):
        raise TooLarge(
            f"{rows:,} rows with features, explanations, intervals or overrides;"
            f" at most {MOST_ROWS:,} are allowed, {MOST_EXPLAINED:,} with explanations"
        )


def _csv(predictor: Predictor, ids: Ids) -> Response:
    answer, unknown = predictor.csv(ids)
    return Response(answer, content_type=CSV, headers={NOT_FOUND: str(unknown)})
