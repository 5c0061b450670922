"""The OpenAPI 3.1 document, made from the operations and the types that parse."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec
from flask import Flask

from feature_store.errors import UnknownEntity
from service.bodies import EXPECTED_ID
from service.examples import Examples
from service.operations import HEALTHZ, OPENAPI, OPERATIONS, Operation
from service.predicting import NOT_FOUND
from service.problems import (
    MEDIA_TYPE,
    BadRequest,
    Fault,
    NoKey,
    NotInCatalogue,
    NotReady,
    Problem,
    ProblemError,
    TooLarge,
    WrongMediaType,
    problem,
)
from service.queries import Parameter
from service.served import Ready

ABOUT = (
    "Predicts next month's unit sales of an item in a shop, from two ids. Everything"
    " under `/v1` only gains fields. A float is written with the shortest digits that"
    " read back the same float32, so the same pair gets the same digits by every path."
    " Lists in the examples are cut."
)
GROUPS = {
    "Predictions": "Pairs or feature vectors in, numbers out.",
    "Lists": "Shops, items, and what they will sell.",
    "Facts": "The model and its features.",
    "Health": "For what starts and watches the service.",
    "Documents": "For people and their tools.",
}
WHEN = {
    400: "A parameter or the body is not what it should be; nothing was predicted.",
    401: "The server wants an API key, and none or a wrong one came.",
    404: "The catalogue lacks the shop, the item or both.",
    413: "More rows or bytes than are allowed.",
    415: "A media type or content encoding that is not served.",
    503: "No build can be served, or more is asked at once than can be queued.",
}
# One of each, as it is answered.
PROBLEMS: dict[int, ProblemError] = {
    error.status: error
    for error in (
        BadRequest.of([Fault("/shop_id", f'shop_id is "24": {EXPECTED_ID}')]),
        NoKey("no API key; expected the header Authorization: Bearer KEY"),
        NotInCatalogue.of(UnknownEntity([("shop_id", 999)])),
        TooLarge("250,001 rows in one request; at most 250,000 are allowed"),
        WrongMediaType("the body's encoding is br; expected gzip or none"),
        NotReady("artifacts: no build; scripts/build makes one"),
    )
}
# Of answers, by what brings them: type and meaning.
EVERY = {
    "X-Request-Id": (
        "string",
        "The request's own id, where it had a plain one; else new.",
    )
}
ON_PROBLEM = {
    401: {"WWW-Authenticate": ("string", "`Bearer`")},
    503: {"Retry-After": ("integer", "Seconds, where too much was asked at once.")},
}
TAGGED = {
    "ETag": ("string", "Changes with the build and the service's version."),
    "Cache-Control": ("string", "`no-cache`: ask each time, with `If-None-Match`."),
}
COUNTED = {NOT_FOUND: ("integer", "CSV: how many rows have no prediction.")}


def document(app: Flask, ready: Ready | None) -> dict[str, Any]:
    """The document; without a build, its answers have no examples."""
    types = [Problem, *chain.from_iterable(map(_types, OPERATIONS))]
    schemas, components = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    by_type = dict(zip(types, schemas, strict=True))
    writer = _Writer(Examples(app, ready), by_type)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        methods = paths.setdefault(operation.path, {})
        methods[operation.method.lower()] = writer.operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "salespredictor", "version": "1", "description": ABOUT},
        "servers": [{"url": "/"}],
        "security": [{}, {"key": []}],
        "tags": [{"name": name, "description": text} for name, text in GROUPS.items()],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": writer.problems(),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _types(operation: Operation) -> Iterator[Any]:
    bodies, answers = operation.bodies.values(), operation.answers.values()
    return chain.from_iterable((*bodies, *answers))


class _Writer:
    """Writes operations down, with schemas and examples."""

    def __init__(self, examples: Examples, schemas: Mapping[Any, Any]) -> None:
        self._examples = examples
        self._schemas = schemas

    def operation(self, operation: Operation) -> dict[str, Any]:
        """An Operation Object."""
        told: dict[str, Any] = {
            "operationId": operation.name,
            "tags": [operation.group],
            "summary": operation.summary,
            "description": operation.about,
            "parameters": self._parameters(operation),
            "requestBody": self._body(operation),
            "responses": self._responses(operation),
            "security": [{}] if operation.open else None,
        }
        return {name: value for name, value in told.items() if value}

    def _parameters(self, operation: Operation) -> list[dict[str, Any]]:
        ids = [self._parameter(p, "path", operation) for p in operation.ids]
        query = operation.query or ()
        return ids + [self._parameter(p, "query", operation) for p in query]

    def _parameter(
        self, parameter: Parameter, where: str, operation: Operation
    ) -> dict[str, Any]:
        schema = dict(parameter.kind.schema)
        if parameter.default not in (..., None):
            schema["default"] = parameter.default
        told = {
            "name": parameter.name,
            "in": where,
            "required": parameter.default is ...,
            "description": parameter.meaning,
            "schema": schema,
        }
        examples = self._examples.pair | operation.example
        if parameter.name in examples:
            told["example"] = examples[parameter.name]
        return told

    def _body(self, operation: Operation) -> dict[str, Any] | None:
        if not operation.bodies:
            return None
        content = {
            media: self._content(types, self._examples.bodies(media))
            for media, types in operation.bodies.items()
        }
        return {"required": True, "content": content}

    def _content(
        self, types: Sequence[Any], examples: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A Media Type Object of one of some types, or of bytes that none describes."""
        schemas = [self._schemas[kind] for kind in types]
        content: dict[str, Any] = {}
        if schemas:
            content["schema"] = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        if examples:
            content["examples"] = {n: {"value": value} for n, value in examples.items()}
        return content

    def _responses(self, operation: Operation) -> dict[str, Any]:
        content = {
            media: self._content(types, self._answers(operation, media, types))
            for media, types in operation.answers.items()
        }
        good: dict[str, Any] = {"description": "The answer.", "content": content}
        tagged = TAGGED if operation.tagged else {}
        good["headers"] = _headers(tagged | (COUNTED if operation.bodies else {}))
        told = {"200": good}
        if operation.tagged:
            same = "The answer that `If-None-Match` names."
            told["304"] = {"description": same, "headers": _headers(tagged)}
        return told | {
            str(status): {"$ref": f"#/components/responses/{_name(PROBLEMS[status])}"}
            for status in _problems(operation)
        }

    def _answers(
        self, operation: Operation, media: str, types: Sequence[Any]
    ) -> dict[str, Any]:
        if operation is OPENAPI or not types:  # itself, or bytes
            return {}
        return self._examples.answers(operation, media)

    def problems(self) -> dict[str, Any]:
        """The Response Objects of errors, by name."""
        return {_name(error): self._problem(error) for error in PROBLEMS.values()}

    def _problem(self, error: ProblemError) -> dict[str, Any]:
        body = problem(error.status, error.detail, error.faults, error.count)
        example = msgspec.json.decode(body)
        content = {"schema": self._schemas[Problem], "example": example}
        return {
            "description": WHEN[error.status],
            "headers": _headers(ON_PROBLEM.get(error.status, {})),
            "content": {MEDIA_TYPE: content},
        }


def _name(error: ProblemError) -> str:
    return type(error).__name__


def _headers(special: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """The headers of every answer, and these."""
    return {
        name: {"description": about, "schema": {"type": kind}}
        for name, (kind, about) in {**EVERY, **special}.items()
    }


def _problems(operation: Operation) -> Iterator[int]:
    """The statuses of what can go wrong."""
    if operation.query is not None or operation.bodies:
        yield 400
    if not operation.open:
        yield 401
    if operation.looks_up:
        yield 404
    if operation.bodies:
        yield from (413, 415)
    if operation is not HEALTHZ:
        yield 503
