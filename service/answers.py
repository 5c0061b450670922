"""Requests in, answers out: looks pairs up, predicts, and writes the JSON."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from math import inf
from typing import Annotated, Literal, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from feature_store.definitions import BASIS, FEATURES, TARGET_RANGE
from feature_store.lookup import STATUSES
from model.artifacts import Build
from model.explaining import Explainer, Explanation
from model.intervals import Interval
from service.bodies import VECTORS_SCHEMA, Pair, Vectors
from service.note import Tally
from service.tables import Ids, write_arrow, write_csv

Units = Annotated[float, msgspec.Meta(ge=TARGET_RANGE[0], le=TARGET_RANGE[1])]
# Names that a type checker cannot know: they derive from the definitions.
Basis = Literal[BASIS]  # type: ignore[valid-type]
Status = Literal[STATUSES]  # type: ignore[valid-type]
Named = Annotated[
    dict[str, float],
    msgspec.Meta(
        extra_json_schema={
            "propertyNames": {"enum": list(FEATURES)},
            "minProperties": len(FEATURES),
        }
    ),
]


class Override(msgspec.Struct, frozen=True):
    """The prediction of a what-if."""

    prediction: Units


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer holds only where it was asked for."""

    features: Named | UnsetType = UNSET
    explain: Explanation | UnsetType = UNSET
    interval: Interval | UnsetType = UNSET
    override: Override | UnsetType = UNSET


Stale = bool | UnsetType  # true once the forecast month is too long over; else left out


class Answer(Asked, frozen=True):
    """One pair's prediction, and what it rests on."""

    shop_id: int
    item_id: int
    date_block_num: int
    month: str
    prediction: Units
    basis: Basis
    listed: bool
    model: str
    stale: Stale = UNSET


class Row(Asked, frozen=True, gc=False):
    """One row of a batch; an unknown pair has no prediction and is not listed."""

    shop_id: int
    item_id: int
    prediction: Units | None
    basis: Status
    listed: bool


class Batch(msgspec.Struct, frozen=True):
    """A batch's predictions, in the order asked, all of one build."""

    date_block_num: int
    month: str
    model: str
    predictions: list[Row]
    stale: Stale = UNSET


class OriginalAnswer(msgspec.Struct, frozen=True):
    """What the service answers to vectors: the raw predictions."""

    parameters: Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema=VECTORS_SCHEMA)]
    resultado: list[float]


T = TypeVar("T", Answer, Row)


@dataclass(frozen=True)
class Extras:
    """What an answer tells beside the prediction."""

    features: bool = False
    explain: bool = False
    interval: bool = False

    def __bool__(self) -> bool:
        return self.features or self.explain or self.interval


NO_EXTRAS = Extras()
SLICE = 8192  # rows


@dataclass(frozen=True)
class Predicted:
    """Predictions of many pairs, as arrays of one length, in the order asked.

    An unknown pair has a status of STATUSES that says so, is not listed, and its
    position and units mean nothing.
    """

    positions: NDArray[np.intp]
    status: NDArray[np.uint8]
    known: NDArray[np.bool_]
    units: NDArray[np.float32]
    listed: NDArray[np.bool_]

    def statuses(self) -> Iterator[str]:
        """What each prediction rests on, or why there is none."""
        return map(STATUSES.__getitem__, self.status.tolist())

    def part(self, rows: slice) -> "Predicted":
        """Some of the predictions."""
        return Predicted(*(getattr(self, f.name)[rows] for f in fields(self)))

    def nullable(self) -> pa.Array:
        """The predictions, null where the pair is unknown."""
        return pa.array(self.units, mask=~self.known)


def _rows(pairs: Sequence[Pair], batch: Predicted) -> list[Row]:
    return [
        Row(pair.shop_id, pair.item_id, units if known else None, basis, listed)
        for pair, units, known, basis, listed in zip(
            pairs,
            shortest(batch.units),
            batch.known.tolist(),
            batch.statuses(),
            batch.listed.tolist(),
            strict=True,
        )
    ]


def ids_of(pairs: Sequence[Pair]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The shops and the items of pairs."""
    shops = np.fromiter((pair.shop_id for pair in pairs), np.int64, len(pairs))
    items = np.fromiter((pair.item_id for pair in pairs), np.int64, len(pairs))
    return shops, items


_encode = msgspec.json.Encoder().encode


class Predictor:
    """Answers from one build; what no request can change is done when it is made.

    `tally` counts the predictions; from `stale_from` on, in seconds since 1970, answers
    say that they are stale.
    """

    def __init__(
        self,
        build: Build,
        tally: Tally | None = None,
        stale_from: float | None = None,
    ) -> None:
        self.build = build
        self._store = build.store
        self._scorer = build.scorer
        self._explainer = Explainer(build.booster)
        manifest = build.manifest
        self._about = (manifest.date_block_num, manifest.month)
        self._version = manifest.version
        self._tally = tally or Tally()
        self._stale_from = inf if stale_from is None else stale_from

    def stale(self) -> Stale:
        """Whether answers are stale by now; unset where they are not."""
        return True if time.time() >= self._stale_from else UNSET

    def one(self, pair: Pair, extras: Extras = NO_EXTRAS) -> bytes:
        """The answer for one pair. Raises UnknownEntity."""
        store = self._store
        position = store.position(pair.shop_id, pair.item_id)
        basis = store.basis(position)
        self._tally.one(basis)
        answer = Answer(
            pair.shop_id,
            pair.item_id,
            *self._about,
            self.units(position),
            basis,
            store.listed(position),
            self._version,
            self.stale(),
        )
        if extras or pair.override is not UNSET:
            answer = self._told(answer, position, pair, extras)
        return _encode(answer)

    def units(self, position: int) -> float:
        """The prediction for the pair at a store's position."""
        return self._scorer.one(self._store.vector(position))

    def interval(self, units: float) -> Interval:
        """Between what a pair sells, eight times of ten, that is predicted so."""
        return self.build.intervals.one(units)

    def units_many(self, positions: NDArray[np.intp]) -> NDArray[np.float32]:
        """Predictions for many positions: shape (positions,), float32."""
        vectors = np.empty((len(positions), len(FEATURES)), np.float32)
        for start in range(0, len(positions), SLICE):
            part = slice(start, start + SLICE)
            vectors[part] = self._store.vectors(positions[part])
        return self._scorer.many(vectors)

    def many(self, pairs: Sequence[Pair], more: Extras | None = None) -> bytes:
        """The answer for a batch, in its order.

        Where `more` is None it is numbers alone, else with what `more` asks for and
        the what-ifs of the pairs. Rows are made and written some at a time, so that
        no thread keeps the interpreter for long: single pairs are answered beside it.
        """
        batch = self.predict(*ids_of(pairs))
        written = []
        for start in range(0, len(pairs), SLICE):
            part = slice(start, start + SLICE)
            rows = _rows(pairs[part], batch.part(part))
            if more is not None:
                positions = batch.positions[part].tolist()
                rows = self._told_all(rows, positions, pairs[part], more)
            written.append(_encode(rows)[1:-1])
        answer = Batch(*self._about, self._version, [], self.stale())
        predictions = msgspec.Raw(b"[%b]" % b",".join(written))
        return _encode(msgspec.structs.replace(answer, predictions=predictions))

    def predict(self, shops: NDArray[np.int64], items: NDArray[np.int64]) -> Predicted:
        """The predictions of many pairs, unknown ones among them."""
        positions, status = self._store.positions(shops, items)
        self._tally.many(status)
        known = status < len(BASIS)
        listed = self._store.listed_many(positions) & known
        return Predicted(positions, status, known, self.units_many(positions), listed)

    def csv(self, ids: Ids) -> tuple[bytes, int]:
        """The answer to a CSV body, and how many of its pairs are unknown."""
        batch = self.predict(ids.shops, ids.items)
        return write_csv(ids.table, batch.nullable()), int((~batch.known).sum())

    def arrow(self, ids: Ids) -> bytes:
        """The answer to an Arrow body."""
        batch = self.predict(ids.shops, ids.items)
        basis = pa.DictionaryArray.from_arrays(batch.status.astype(np.int8), STATUSES)
        listed = pa.array(batch.listed)
        return write_arrow(ids.table, batch.nullable(), basis, listed)

    def _told_all(
        self,
        rows: list[Row],
        positions: Sequence[int],
        pairs: Sequence[Pair],
        extras: Extras,
    ) -> list[Row]:
        return [
            row if row.prediction is None else self._told(row, position, pair, extras)
            for row, position, pair in zip(rows, positions, pairs, strict=True)
        ]

    def _told(self, answer: T, position: int, pair: Pair, extras: Extras) -> T:
        """The answer with what was asked for beside the prediction."""
        vector = self._store.vector(position)
        told: dict[str, object] = {}
        if extras.features:
            told["features"] = dict(zip(FEATURES, shortest(vector), strict=True))
        if extras.explain:
            told["explain"] = self._explainer.explain(vector[np.newaxis])[0]
        if extras.interval and answer.prediction is not None:
            told["interval"] = self.interval(answer.prediction)
        if pair.override is not UNSET:
            changed = vector.copy()
            for name, value in pair.override.items():
                changed[FEATURES.index(name)] = value
            told["override"] = Override(self._scorer.one(changed))
        return msgspec.structs.replace(answer, **told)

    def vectors(self, request: Vectors, matrix: NDArray[np.float32]) -> bytes:
        """The original service's answer to vectors (rows, 44)."""
        self._tally.vectors(len(matrix))
        raw = self._scorer.raw(matrix)
        return _encode(OriginalAnswer(request.input, shortest(raw)))


def shortest(values: NDArray[np.float32]) -> list[float]:
    """The values as floats that print with the shortest digits of each float32."""
    digits = pa.array(values).cast(pa.string())
    floats: list[float] = digits.cast(pa.float64()).to_pylist()
    return floats
