"""Whatever comes as CSV or Arrow: a number only for a right row, and never a 500."""

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.service.clients import post
from tests.service.problem_shape import assert_problem

CSV = "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
IDS = ("shop_id", "item_id")
ADDED = {"prediction", "basis", "listed"}

often = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

right_cells = st.one_of(
    st.integers(0, 400).map(str), st.sampled_from(["007", "2147483647", "0" * 18])
)
other_cells = st.one_of(
    st.sampled_from(["", " 5", "-1", "24.0", "1e2", "2147483648", "9" * 20, "٣", "²"]),
    st.text(max_size=5),
)
headers = st.one_of(
    st.permutations([*IDS]),
    st.permutations(["ID", *IDS]),
    st.lists(st.one_of(st.sampled_from(["ID", *IDS]), st.text(max_size=4)), max_size=4),
)


@st.composite
def sheets(draw):
    """A header and rows, mostly right."""
    header = draw(headers)
    cells = draw(st.sampled_from([right_cells, st.one_of(right_cells, other_cells)]))
    width = len(header)
    row = st.lists(cells, min_size=width, max_size=width)
    rows = draw(st.lists(row, max_size=6))
    if draw(st.integers(0, 9)) == 0:
        rows.append(draw(st.lists(cells, max_size=5)))
    return header, rows


def written(header, rows, ending):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=ending).writerows([header, *rows])
    return out.getvalue().encode(errors="replace")


def is_right_sheet(header, rows):
    return (
        sorted(header) in (sorted(IDS), sorted(["ID", *IDS]))
        and all(len(row) == len(header) for row in rows)
        and all(
            is_right_cell(*one) for row in rows for one in zip(header, row, strict=True)
        )
    )


def is_right_cell(name, text):
    digits = text.isascii() and text.isdigit() and len(text) <= 18
    return digits and (name == "ID" or int(text) < 2**31)


@often
@given(sheets(), st.sampled_from(["\n", "\r\n"]))
def test_a_sheet_is_answered_row_by_row_or_refused_whole(client, sheet, ending):
    header, rows = sheet
    assume([] not in rows)  # an empty line is none
    answer = post(client, written(header, rows, ending), content_type=CSV)
    if not is_right_sheet(header, rows):
        assert_problem(answer, 400)
        return
    assert answer.status_code == 200, answer.data
    found = list(csv.reader(io.StringIO(answer.text)))[1:]
    kept = ["ID"] if "ID" in header else [*IDS]
    asked = [[int(row[header.index(name)]) for name in kept] for row in rows]
    assert [[int(cell) for cell in row[:-1]] for row in found] == asked
    for row, number in zip(rows, (row[-1] for row in found), strict=True):
        shop, item = (int(row[header.index(name)]) for name in IDS)
        assert bool(number) is (shop < 60 and item < 300)


@often
@given(
    st.one_of(st.binary(), st.text().map(lambda text: text.encode(errors="replace")))
)
@example(b"shop_id,item_id\n24,6\x00\n")
@example(b"shop_id,item_id\r24,6\r")
@example(b'"shop_id","item_id"\n"2""4",6\n')
def test_no_bytes_sent_as_csv_are_a_500(client, body):
    answer = post(client, body, content_type=CSV)
    if answer.status_code != 200:
        assert_problem(answer, 400)


columns = st.one_of(
    *(
        st.tuples(
            st.just(kind),
            st.lists(st.one_of(st.none(), values), min_size=3, max_size=3),
        )
        for kind, values in (
            (pa.int8(), st.integers(-128, 127)),
            (pa.uint16(), st.integers(0, 65535)),
            (pa.int32(), st.integers(-5, 70)),
            (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
            (pa.uint64(), st.integers(0, 2**64 - 1)),
            (pa.float64(), st.floats()),
            (pa.bool_(), st.booleans()),
            (pa.string(), st.text(st.characters(exclude_categories=["Cs"]))),
            (pa.null(), st.none()),
            (pa.list_(pa.int64()), st.lists(st.integers(0, 9), max_size=2)),
            (pa.struct([("a", pa.int8())]), st.just({"a": 1})),
            (pa.decimal128(9, 2), st.none()),
            (pa.timestamp("us"), st.datetimes()),
            (pa.dictionary(pa.int8(), pa.int64()), st.integers(0, 9)),
        )
    )
)
right_columns = st.tuples(
    st.sampled_from([pa.int32(), pa.int64(), pa.uint64()]),
    st.lists(st.integers(0, 400), min_size=3, max_size=3),
)
names = st.one_of(
    st.sampled_from([*IDS, "prediction", "ID"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
)
# Of ids, mostly right ones: one_of would take each kind as often.
ids = st.sampled_from([right_columns, right_columns, columns]).flatmap(lambda one: one)
tables = st.tuples(ids, ids, st.lists(st.tuples(names, columns), max_size=2))


def stream(columns):
    """An Arrow stream of (name, (type, values))."""
    schema = pa.schema([(name, kind) for name, (kind, _) in columns])
    arrays = [pa.array(values, kind) for _, (kind, values) in columns]
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, schema) as writer:
        writer.write_batch(pa.record_batch(arrays, schema))
    return bytes(out.getvalue())


def is_right_column(kind, values):
    return pa.types.is_integer(kind) and all(
        value is not None and 0 <= value < 2**31 for value in values
    )


@often
@given(tables)
def test_a_table_is_answered_row_by_row_or_refused_whole(client, table):
    shops, items, others = table
    everything = [("shop_id", shops), *others, ("item_id", items)]
    answer = post(client, stream(everything), content_type=ARROW)
    given = [name for name, _ in everything]
    right = all(map(is_right_column, *zip(shops, items, strict=True)))
    if not right or ADDED & set(given) or any(given.count(name) > 1 for name in IDS):
        assert_problem(answer, 400)
        return
    assert answer.status_code == 200, answer.data
    found = pa.ipc.open_stream(answer.data).read_all()
    assert found.column_names == [*given, "prediction", "basis", "listed"]
    for i, (kind, values) in enumerate(column for _, column in everything):
        assert found.column(i).equals(pa.chunked_array([pa.array(values, kind)]))
    known = [s < 60 and i < 300 for s, i in zip(shops[1], items[1], strict=True)]
    assert [n is not None for n in found["prediction"].to_pylist()] == known


@often
@given(st.data())
def test_a_right_stream_with_bytes_changed_is_no_500(client, data):
    right = stream([(name, (pa.int32(), [5, 7, 9])) for name in IDS])
    at = data.draw(st.integers(0, len(right)))
    until = data.draw(st.integers(at, min(at + 8, len(right))))
    body = right[:at] + data.draw(st.binary(max_size=8)) + right[until:]
    answer = post(client, body, content_type=ARROW)
    if answer.status_code != 200:
        assert_problem(answer, answer.status_code)
        assert answer.status_code in (400, 413)


@pytest.mark.parametrize("kind", ["application/json", CSV, ARROW])
@often
@given(st.binary(), st.booleans())
def test_no_bytes_said_to_be_gzipped_are_a_500(client, kind, body, marked):
    head = b"\x1f\x8b\x08\x00" if marked else b""
    headers = {"Content-Encoding": "gzip", "Content-Type": kind}
    assert_problem(client.post("/", data=head + body, headers=headers), 400)
