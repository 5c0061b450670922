"""Examples of every operation: what this very application answers from its build."""

from typing import Any, cast
from urllib.parse import urlencode

import msgspec
from flask import Flask, Response

from feature_store.definitions import MAX_ID
from feature_store.errors import SalesError, UnknownEntity
from service.incoming import CSV, JSON
from service.operations import PREDICT_BY_ADDRESS, Operation
from service.served import Ready

SHOWN = 2  # of a list
USUAL_PAIR = (24, 6676)


class Examples:
    """Requests that a build can answer, and what the application answers to them."""

    def __init__(self, app: Flask, ready: Ready | None) -> None:
        self._app = app
        self.pair = dict(zip(("shop_id", "item_id"), _usual(ready), strict=True))
        self._json: dict[str, Any] = {
            "pair": self.pair,
            "pairs": [self.pair, {"shop_id": MAX_ID, "item_id": 0}],
            "what_if": {**self.pair, "override": {"item_cnt_day_lag_1": 10}},
        }
        if ready:
            store = ready.build.store
            vector = store.named(store.position(*self.pair.values()))
            self._json["vectors"] = {"input": [list(vector.values())]}

    def bodies(self, media: str) -> dict[str, Any]:
        """Bodies by name."""
        ids = ",".join(map(str, self.pair.values()))
        csv = {"test_file": f"ID,shop_id,item_id\n0,{ids}\n"}
        by_media: dict[str, dict[str, Any]] = {JSON: self._json, CSV: csv}
        return by_media.get(media, {})

    def address(self, operation: Operation) -> str:
        """A path, and perhaps a query, that is answered."""
        ids = self.pair if operation is PREDICT_BY_ADDRESS else {}
        query = urlencode(ids | operation.example)
        return operation.path.format(**self.pair) + (query and f"?{query}")

    def answers(self, operation: Operation, media: str) -> dict[str, Any]:
        """Good answers by name, their lists cut."""
        if operation.method == "GET":
            asked = {"answer": self._ask(operation, headers={"Accept": media})}
        else:
            asked = {
                name: self._ask(operation, data=_bytes(body), content_type=media)
                for name, body in self.bodies(media).items()
            }
        return {
            name: _cut(answer.json) if media == JSON else answer.get_data(as_text=True)
            for name, answer in asked.items()
            if answer
        }

    def _ask(self, operation: Operation, **request: Any) -> Response | None:
        """What a view answers, whatever stands before it; None where it cannot."""
        ids = {one.name: str(self.pair[one.name]) for one in operation.ids}
        address, method = self.address(operation), operation.method
        with self._app.test_request_context(address, method=method, **request):
            view: Any = self._app.view_functions[operation.name]
            try:
                return cast("Response", view(**ids))
            except SalesError:
                return None


def _usual(ready: Ready | None) -> tuple[int, int]:
    """The pair of the examples: of a build, one that it knows."""
    if ready is None:
        return USUAL_PAIR
    store = ready.build.store
    try:
        store.position(*USUAL_PAIR)
    except UnknownEntity:
        first = next(store.blocks(1))
        return int(store.shop_ids(first)[0]), int(store.item_ids(first)[0])
    return USUAL_PAIR


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else msgspec.json.encode(body)


def _cut(value: Any) -> Any:
    """A value whose lists of objects are short."""
    if isinstance(value, dict):
        return {name: _cut(inner) for name, inner in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_cut(inner) for inner in value[:SHOWN]]
    return value
