"""JSON bodies in, typed requests out; a body that is wrong is walked for what is.

The good path parses typed in one go. Only when that fails does a plain walk over
the same body list its faults, each with its JSON pointer.
"""

import codecs
import json
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from feature_store.definitions import FEATURES, LAG_FEATURES, MAX_ID
from service.problems import BadRequest, Fault, TooLarge, reference, show

FLOAT32_END = 2.0**128 - 2.0**103  # from here on a float32 is infinite
EXPECTED_ID = f"expected a whole number, 0 to {MAX_ID}"

# What a typed parser raises on a body that is wrong.
WRONG = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

Id = Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]
Float32 = Annotated[float, msgspec.Meta(gt=-FLOAT32_END, lt=FLOAT32_END)]
# Names that a type checker cannot know: they derive from the definitions.
Changeable = Literal[LAG_FEATURES]  # type: ignore[valid-type]
Overrides = Annotated[
    dict[Changeable, Float32],
    msgspec.Meta(extra_json_schema={"propertyNames": {"enum": list(LAG_FEATURES)}}),
]
Vector = Annotated[
    list[float], msgspec.Meta(min_length=len(FEATURES), max_length=len(FEATURES))
]
# What `Raw` leaves unsaid. A float that no float32 holds is found after parsing.
VECTORS_SCHEMA = msgspec.json.schema(
    list[
        Annotated[
            list[Float32],
            msgspec.Meta(min_length=len(FEATURES), max_length=len(FEATURES)),
        ]
    ]
)


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A shop and an item, by id, and perhaps a what-if: other values of features."""

    shop_id: Id
    item_id: Id
    override: Overrides | UnsetType = UNSET


class Vectors(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Feature vectors, 44 numbers each; `input` is kept as it was written."""

    input: Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema=VECTORS_SCHEMA)]

    def matrix(self) -> NDArray[np.float32]:
        """The vectors: shape (vectors, 44), float32."""
        rows = _ROWS.decode(self.input)
        with np.errstate(over="ignore"):  # becomes infinite, which is refused
            return np.array(rows, np.float32).reshape(len(rows), len(FEATURES))


_PAIRS = msgspec.json.Decoder(Pair | list[Pair])
_VECTORS = msgspec.json.Decoder(Vectors)
_ROWS = msgspec.json.Decoder(list[Vector])


def parse(body: bytes, max_rows: int) -> Pair | list[Pair] | Vectors:
    """What a JSON body asks for, told apart by its shape.

    Raises BadRequest with every fault's pointer, and TooLarge for more than
    `max_rows` rows.
    """
    try:
        request: Pair | list[Pair] | Vectors = _PAIRS.decode(body)
    except WRONG:
        request = _parse_vectors(body)
    if isinstance(request, list) and len(request) > max_rows:
        raise _too_many(len(request), max_rows)
    return request


def vectors_of(request: Vectors, body: bytes, max_rows: int) -> NDArray[np.float32]:
    """The vectors of a request, (rows, 44), float32, all finite."""
    try:
        matrix = request.matrix()
    except WRONG as error:
        raise _faults(body, error) from error
    if len(matrix) > max_rows:
        raise _too_many(len(matrix), max_rows)
    if not np.isfinite(matrix).all():
        raise _faults(body, ValueError("a number does not fit a float32"))
    return matrix


def _too_many(rows: int, max_rows: int) -> TooLarge:
    return TooLarge(f"{rows:,} rows in one request; at most {max_rows:,} are allowed")


def _parse_vectors(body: bytes) -> Vectors:
    try:
        return _VECTORS.decode(body)
    except WRONG as error:
        raise _faults(body, error) from error


def _faults(body: bytes, error: Exception) -> BadRequest:
    """Everything wrong with a body that did not parse."""
    if not body:
        return BadRequest("the body is empty; expected JSON")
    if body.startswith(codecs.BOM_UTF8):
        return BadRequest("the body begins with a byte order mark; expected none")
    try:
        faults = _walk(json.loads(body.decode()))
        first = next(faults, None)
        if first is None:  # what only the typed parser finds
            return BadRequest(f"the body is not a request: {error}")
        return BadRequest.of(chain([first], faults))
    except (ValueError, RecursionError) as wrong:
        return BadRequest(f"the body is not JSON: {_not_json(wrong)}")


def _not_json(error: Exception) -> str:
    """Why a body is not JSON, and where."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"not {error.encoding} at byte {error.start}"
    if isinstance(error, RecursionError):
        return "nested too deep"
    return "a number is too long"  # Python stops at some thousands of digits


def _walk(value: Any) -> Iterator[Fault]:
    """The faults of a decoded body."""
    if isinstance(value, list):
        for i, pair in enumerate(value):
            yield from _walk_pair(pair, f"/{i}")
    elif isinstance(value, dict) and "input" in value:
        yield from _walk_fields(value, ("input",), "")
        yield from _walk_input(value["input"])
    else:
        yield from _walk_pair(value, "")


def _walk_pair(pair: Any, pointer: str) -> Iterator[Fault]:
    if not isinstance(pair, dict):
        yield Fault(pointer, f"{show(pair)}: expected an object with two ids")
        return
    yield from _walk_fields(pair, Pair.__struct_fields__, pointer)
    if "override" in pair:
        yield from _walk_override(pair["override"], f"{pointer}/override")
    for field in ("shop_id", "item_id"):
        if field not in pair:
            yield Fault(f"{pointer}/{field}", f"{field} is missing")
        elif type(pair[field]) is not int or not 0 <= pair[field] <= MAX_ID:
            yield Fault(
                f"{pointer}/{field}",
                f"{field} is {show(pair[field])}: {EXPECTED_ID}",
            )


def _walk_override(override: Any, pointer: str) -> Iterator[Fault]:
    if not isinstance(override, dict):
        yield Fault(pointer, f"{show(override)}: expected features and their values")
        return
    for name, value in override.items():
        if name not in LAG_FEATURES:
            known = "the features of /v1/features that have a lag"
            yield Fault(
                f"{pointer}/{reference(name)}", f"{show(name)}: expected one of {known}"
            )
        yield from _walk_number(value, f"{pointer}/{reference(name)}")


def _walk_fields(
    value: dict[str, Any], known: tuple[str, ...], pointer: str
) -> Iterator[Fault]:
    for field in value:
        if field not in known:
            yield Fault(
                f"{pointer}/{reference(field)}",
                f"unknown field {show(field)}: expected {', '.join(known)}",
            )


def _walk_input(rows: Any) -> Iterator[Fault]:
    if not isinstance(rows, list):
        yield Fault("/input", f"{show(rows)}: expected a list of vectors")
        return
    for i, row in enumerate(rows):
        if not isinstance(row, list):
            yield Fault(f"/input/{i}", f"{show(row)}: expected a list of numbers")
        elif len(row) != len(FEATURES):
            yield Fault(
                f"/input/{i}", f"{len(row)} numbers: expected {len(FEATURES)} in order"
            )
        else:
            yield from _walk_row(row, f"/input/{i}")


def _walk_row(row: list[Any], pointer: str) -> Iterator[Fault]:
    for i, number in enumerate(row):
        yield from _walk_number(number, f"{pointer}/{i}")


def _walk_number(number: Any, pointer: str) -> Iterator[Fault]:
    if type(number) not in (int, float):
        yield Fault(pointer, f"{show(number)}: expected a number")
    elif not abs(number) < FLOAT32_END:  # NaN compares as False
        yield Fault(pointer, f"{show(number)}: expected a finite float32")
