"""CSV and Arrow bodies: tables of ids in, the same with predictions out."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from feature_store.definitions import MAX_ID
from service.bodies import EXPECTED_ID
from service.claimed import claimed_bytes
from service.problems import BadRequest, Fault, TooLarge, show

IDS = ("shop_id", "item_id")
LABEL = "ID"  # a row's own number, in the competition's files
ADDED = ("prediction", "basis", "listed")
ANSWER = "item_cnt_month"
_WHOLE = "^[0-9]{1,18}$"


@dataclass(frozen=True)
class Ids:
    """Pairs asked for, int64 arrays of one length, and the table they came in."""

    shops: NDArray[np.int64]
    items: NDArray[np.int64]
    table: pa.Table


def table_of(shops: NDArray[np.int64], items: NDArray[np.int64]) -> Ids:
    """Pairs that came in another body, as a table."""
    return Ids(shops, items, pa.table({"shop_id": shops, "item_id": items}))


def read_csv(body: bytes, max_rows: int) -> Ids:
    """The pairs of a CSV with columns shop_id and item_id, perhaps ID.

    Raises BadRequest, naming line and column of each fault, and TooLarge.
    """
    text = pa.csv.ConvertOptions(
        column_types=dict.fromkeys((*IDS, LABEL), pa.string()),
        strings_can_be_null=False,
    )
    try:
        table = pa.csv.read_csv(pa.BufferReader(body), convert_options=text)
        names = table.column_names  # not always UTF-8
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise _csv_faults(body, str(error)) from error
    if sorted(names) != sorted({*IDS, *names} & {*IDS, LABEL}):
        raise _csv_faults(body, "its columns are not those")
    _limit(len(table), max_rows)
    whole = (pc.all(pc.match_substring_regex(table[n], _WHOLE)).as_py() for n in names)
    if not all(value is not False for value in whole):
        raise _csv_faults(body, "an id is no number")
    shops, items = (table[name].cast(pa.int64()).to_numpy() for name in IDS)
    if max(shops.max(initial=0), items.max(initial=0)) > MAX_ID:
        raise _csv_faults(body, "an id is too large")
    return Ids(shops, items, table)


def _csv_faults(body: bytes, reason: str) -> BadRequest:
    """Everything wrong with a CSV body that did not parse."""
    if not body:
        return BadRequest("the body is empty; expected CSV with shop_id,item_id")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        return BadRequest(f"the body is not UTF-8 at byte {error.start}")
    faults = _walk_csv(text)
    first = next(faults, None)
    if first is None:  # what only Arrow finds
        return BadRequest(f"the body is not CSV: {reason.splitlines()[0]}")
    return BadRequest.of(chain([first], faults))


def _walk_csv(text: str) -> Iterator[Fault]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(rows, [])
        yield from _walk_header(header)
        yield from _walk_rows(rows, header)
    except csv.Error as error:
        yield Fault("", f"line {rows.line_num}: not CSV: {error}")


def _walk_rows(rows: Any, header: list[str]) -> Iterator[Fault]:
    """The faults of the rows of a csv.reader."""
    if not set(IDS) <= set(header):
        return
    for number, row in enumerate(row for row in rows if row):
        line = f"line {rows.line_num}"
        if len(row) != len(header):
            yield Fault(
                f"/{number}", f"{line} has {len(row)} columns: expected {len(header)}"
            )
            continue
        for name, value in zip(header, row, strict=True):
            if not _is_id(name, value):
                what = f"{line}, column {name} is {show(value)}: {EXPECTED_ID}"
                yield Fault(f"/{number}/{name}", what)


def _walk_header(header: list[str]) -> Iterator[Fault]:
    for name in IDS:
        if name not in header:
            yield Fault(f"/{name}", f"line 1: no column {name}")
    for name in header:
        if name not in (*IDS, LABEL) or header.count(name) > 1:
            known = ", ".join((*IDS, LABEL))
            yield Fault("", f"line 1: column {show(name)}: expected {known}, each once")


def _is_id(name: str, value: str) -> bool:
    digits = value.isascii() and value.isdigit() and len(value) <= 18
    return digits and (name == LABEL or int(value) <= MAX_ID)


def read_arrow(body: bytes, max_rows: int, max_bytes: int) -> Ids:
    """The pairs of an Arrow stream with whole-number columns shop_id and item_id.

    Raises BadRequest, naming column and row of each fault, and TooLarge.
    """
    try:
        _limit_claimed(body, max_bytes)
        with pa.ipc.open_stream(pa.BufferReader(body)) as stream:
            table = _read_batches(stream, max_rows, max_bytes)
            names = table.column_names  # not always UTF-8
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        raise BadRequest(f"the body is not an Arrow stream: {reason}") from error
    faults = list(_arrow_faults(table, names))
    if faults:
        raise BadRequest.of(faults)
    shops, items = (table[name].cast(pa.int64()).to_numpy() for name in IDS)
    return Ids(shops, items, table)


def _read_batches(
    stream: pa.RecordBatchReader, max_rows: int, max_bytes: int
) -> pa.Table:
    batches, rows, size = [], 0, 0
    for batch in stream:
        batch.validate(full=True)
        batches.append(batch)
        rows, size = rows + len(batch), size + batch.nbytes
        _limit(rows, max_rows)
        _limit_bytes(size, max_bytes)
    return pa.Table.from_batches(batches, stream.schema)


def _arrow_faults(table: pa.Table, names: list[str]) -> Iterator[Fault]:
    for name in set(names) & set(ADDED):
        yield Fault(f"/{name}", f"column {name} is one that the answer adds")
    for name in IDS:
        count = names.count(name)
        if count != 1:
            yield Fault(f"/{name}", f"{count} columns {name}: expected one")
            continue
        column = table[name]
        if not pa.types.is_integer(column.type):
            yield Fault(
                f"/{name}", f"column {name} is {column.type}: expected integers"
            )
            continue
        zero = pa.scalar(0, column.type)  # of another type, large ids would not fit
        good = pc.fill_null(
            pc.and_(pc.greater_equal(column, zero), _at_most(column)), False
        )
        for row in np.flatnonzero(~good.to_numpy()).tolist():
            what = f"column {name}, row {row} is {column[row].as_py()}: {EXPECTED_ID}"
            yield Fault(f"/{row}/{name}", what)


def _at_most(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.type.bit_width < 32:
        return pc.is_valid(column)
    return pc.less_equal(column, pa.scalar(MAX_ID, column.type))


def _limit(rows: int, max_rows: int) -> None:
    if rows > max_rows:
        raise TooLarge(
            f"{rows:,} rows in one request; at most {max_rows:,} are allowed"
        )


def _limit_claimed(body: bytes, max_bytes: int) -> None:
    """Raise TooLarge before a bomb is set off."""
    for size in accumulate(claimed_bytes(body)):
        _limit_bytes(size, max_bytes)


def _limit_bytes(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise TooLarge(f"the body is more than {max_bytes:,} bytes long decompressed")


def write_csv(table: pa.Table, prediction: pa.Array) -> bytes:
    """The answer to a CSV body: ID, or the ids, and the prediction; empty if null."""
    kept = [LABEL] if LABEL in table.column_names else list(IDS)
    columns = {name: table[name] for name in kept} | {ANSWER: prediction}
    out = pa.BufferOutputStream()
    options = pa.csv.WriteOptions(quoting_style="none", quoting_header="none")
    pa.csv.write_csv(pa.table(columns), out, options)
    return bytes(out.getvalue())


def write_arrow(
    table: pa.Table, prediction: pa.Array, basis: pa.Array, listed: pa.Array
) -> bytes:
    """The answer to an Arrow body: the same stream with three columns more."""
    for name, column in zip(ADDED, (prediction, basis, listed), strict=True):
        table = table.append_column(name, column)
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)
    return bytes(out.getvalue())
