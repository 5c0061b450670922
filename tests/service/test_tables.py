"""CSV and Arrow bodies, and the same pairs by every path."""

import gzip
import io
import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.service.clients import client_of, good, post
from tests.service.problem_shape import assert_problem

CSV = "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
NOT_FOUND = "Salespredictor-Not-Found"


@pytest.fixture(scope="module")
def pairs(rows):
    """A thousand pairs: known, unknown in each way, and repeated."""
    random = np.random.default_rng(3)
    known = rows[["shop_id", "item_id"]].sample(900, random_state=3)
    unknown = pd.DataFrame(
        {
            "shop_id": [*[2_000_000] * 25, *known.shop_id[:25]],
            "item_id": [*known.item_id[:25], *[2_000_000] * 25],
        }
    )
    mixed = pd.concat([known, unknown, known[:50]], ignore_index=True)
    return mixed.iloc[random.permutation(len(mixed))].reset_index(drop=True)


def stream(table):
    """An Arrow stream of a table or a data frame."""
    table = table if isinstance(table, pa.Table) else pa.Table.from_pandas(table)
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return bytes(out.getvalue())


def read(answer):
    assert answer.status_code == 200, answer.data[:300]
    assert answer.headers["Content-Type"].startswith((CSV, ARROW))
    return pa.ipc.open_stream(answer.data).read_all()


def lines(answer):
    """A CSV answer's rows of text, the header among them."""
    assert answer.status_code == 200, answer.data[:300]
    assert answer.headers["Content-Type"].startswith(CSV)
    return [line.split(",") for line in answer.data.decode().splitlines()]


def test_every_path_gives_the_same_digits(client, pairs):
    records = pairs.to_dict("records")
    as_json = [row["prediction"] for row in good(post(client, records))["predictions"]]
    text = pairs.to_csv(index=False).encode()
    answer = post(client, text, content_type=CSV)
    as_csv = [row[2] or None for row in lines(answer)[1:]]
    assert answer.headers[NOT_FOUND] == "50" == str(as_json.count(None))
    accepted = client.post("/", json=records, headers={"Accept": CSV})
    as_arrow = read(post(client, stream(pairs), content_type=ARROW))["prediction"]
    singles = [post(client, record) for record in records]
    as_singles = [
        json.loads(one.data, parse_float=str)["prediction"]
        if one.status_code == 200
        else None
        for one in singles
    ]
    expected = [None if value is None else Decimal(value) for value in as_json]
    assert [None if v is None else Decimal(v) for v in as_csv] == expected
    assert lines(accepted) == lines(answer)
    assert [None if v is None else Decimal(v) for v in as_singles] == expected
    assert as_arrow.type == pa.float32()
    assert [None if v is None else np.float32(v) for v in as_json] == [
        None if v is None else np.float32(v) for v in as_arrow.to_pylist()
    ]


def test_an_address_a_gzipped_body_and_the_vectors_give_the_same_digits(client, pairs):
    records = pairs.to_dict("records")
    rows = good(post(client, records, "/?features=true"))["predictions"]
    for record, row in zip(records, rows, strict=True):
        answer = client.get("/v1/predict", query_string=record)
        assert (answer.status_code == 200) is (row["prediction"] is not None)
        if answer.status_code == 200:
            assert good(answer)["prediction"] == row["prediction"]
    known = [row for row in rows if row["prediction"] is not None]
    vectors = [[float(value) for value in row["features"].values()] for row in known]
    raw = good(post(client, {"input": vectors}))["resultado"]
    assert raw == [row["prediction"] for row in known]
    zipped = client.post(
        "/",
        data=gzip.compress(pairs.to_csv(index=False).encode()),
        headers={"Content-Encoding": "gzip", "Content-Type": CSV},
    )
    as_csv = [row[2] or None for row in lines(zipped)[1:]]
    digits = [None if row["prediction"] is None else row["prediction"] for row in rows]
    assert [v and Decimal(v) for v in as_csv] == [v and Decimal(v) for v in digits]


def test_the_competitions_own_file_comes_back_whole_and_in_its_order(client, real_data):
    file = (real_data / "ten-months" / "test.csv.gz").read_bytes()
    answer = client.post(
        "/", data=file, headers={"Content-Encoding": "gzip", "Content-Type": CSV}
    )
    plain = post(client, gzip.decompress(file), content_type=CSV)
    assert plain.data == answer.data
    sent = pd.read_csv(io.BytesIO(gzip.decompress(file)))
    found = pd.read_csv(io.BytesIO(answer.data))
    assert found.columns.tolist() == ["ID", "item_cnt_month"]
    assert found.ID.tolist() == sent.ID.tolist()
    assert len(found) == 214_200
    # The small demo knows the first 300 items only.
    assert found.item_cnt_month.notna().tolist() == (sent.item_id < 300).tolist()
    assert answer.headers[NOT_FOUND] == str((sent.item_id >= 300).sum())


def test_a_test_file_comes_back_as_a_submission_in_its_order(client, build):
    store = build.store
    test = pd.DataFrame(
        {
            "ID": range(len(store.shops) * 3)[::-1],
            "shop_id": np.tile(store.shops, 3),
            "item_id": np.repeat(store.items[:3], len(store.shops)),
        }
    )
    rows = lines(post(client, test.to_csv(index=False).encode(), content_type=CSV))
    assert rows[0] == ["ID", "item_cnt_month"]
    assert [int(row[0]) for row in rows[1:]] == test.ID.tolist()
    assert all(0 <= float(row[1]) <= 20 for row in rows[1:])


def test_columns_may_stand_in_any_order_and_excel_may_have_marked_the_file(client):
    plain = post(client, b"shop_id,item_id\n5,7\n", content_type=CSV)
    other = post(
        client, b'\xef\xbb\xbfitem_id,"shop_id"\r\n"7",5\r\n', content_type=CSV
    )
    assert lines(other) == lines(plain)


def test_no_rows_are_answered_with_none(client):
    empty = post(client, b"shop_id,item_id\n", content_type=CSV)
    assert lines(empty) == [["shop_id", "item_id", "item_cnt_month"]]
    nothing = pa.table(
        {"shop_id": pa.array([], pa.int32()), "item_id": pa.array([], pa.int32())}
    )
    assert len(read(post(client, stream(nothing), content_type=ARROW))) == 0


@pytest.mark.parametrize(
    ("body", "pointers", "words"),
    [
        (b"", [], "empty"),
        (b"shop_id\n5\n", ["/item_id"], "line 1: no column item_id"),
        (b"shop_id;item_id\n5;7\n", ["/shop_id", "/item_id", ""], "no column shop_id"),
        (b"shop_id,item_id,price\n5,7,1\n", [""], 'column "price"'),
        (b"shop_id,item_id,item_id\n5,7,7\n", ["", ""], "each once"),
        (b"shop_id,item_id\n5,7\n5\n", ["/1"], "line 3 has 1 columns: expected 2"),
        (b"shop_id,item_id\n5,7,9\n", ["/0"], "line 2 has 3 columns"),
        (b"shop_id,item_id\n5,\n", ["/0/item_id"], 'line 2, column item_id is ""'),
        (b"shop_id,item_id\n5,7\n24.0,7\n", ["/1/shop_id"], "line 3, column shop_id"),
        (b"shop_id,item_id\n1e2,-1\n", ["/0/shop_id", "/0/item_id"], '"1e2"'),
        (b"shop_id,item_id\n+5,0x7\n", ["/0/shop_id", "/0/item_id"], '"+5"'),
        (b"shop_id,item_id\n 5,7\n", ["/0/shop_id"], '" 5"'),
        (b"shop_id,item_id\n2147483648,7\n", ["/0/shop_id"], "0 to 2147483647"),
        (b"shop_id,item_id\n100000000000000000000,7\n", ["/0/shop_id"], "expected"),
        (b"ID,shop_id,item_id\n=1+1,5,7\n", ["/0/ID"], '"=1+1"'),
        (b"shop_id,item_id\n5,NaN\n", ["/0/item_id"], '"NaN"'),
        ("shop_id,item_id\n\u0665,7\n".encode(), ["/0/shop_id"], "expected"),
        (b"shop_id,item_id\n\xff,7\n", [], "not UTF-8 at byte 16"),
        (b"shop_id,it\xffem_id\n5,7\n", [], "not UTF-8 at byte 10"),
        (b'shop_id,item_id\n"5,7\n', [""], "line 2: not CSV"),
        (b'shop_id,item_id\n5,x\n5,7,"\n', ["/0/item_id", ""], "line 2"),
    ],
)
def test_a_csv_that_is_wrong_says_line_and_column(client, body, pointers, words):
    assert_problem(post(client, body, content_type=CSV), 400, pointers, words)


@pytest.mark.parametrize(
    ("columns", "pointers", "words"),
    [
        ({"shop_id": [5]}, ["/item_id"], "0 columns item_id"),
        ({"shop_id": [5.0], "item_id": [7]}, ["/shop_id"], "double: expected integers"),
        ({"shop_id": ["5"], "item_id": [7]}, ["/shop_id"], "string: expected integers"),
        ({"shop_id": [True], "item_id": [7]}, ["/shop_id"], "bool: expected integers"),
        ({"shop_id": [5, None], "item_id": [7, 7]}, ["/1/shop_id"], "row 1 is None"),
        ({"shop_id": [5], "item_id": [-1]}, ["/0/item_id"], "row 0 is -1"),
        ({"shop_id": [2**31], "item_id": [7]}, ["/0/shop_id"], "0 to 2147483647"),
        (
            {"shop_id": [5], "item_id": [7], "basis": ["mine"]},
            ["/basis"],
            "the answer adds",
        ),
    ],
)
def test_an_arrow_stream_that_is_wrong_says_column_and_row(
    client, columns, pointers, words
):
    answer = post(client, stream(pa.table(columns)), content_type=ARROW)
    assert_problem(answer, 400, pointers, words)


@pytest.mark.parametrize(
    "kind", ["int8", "uint8", "int16", "int32", "uint32", "uint64"]
)
def test_ids_may_be_integers_of_any_width(client, kind):
    table = pa.table({name: pa.array([5, 7], kind) for name in ("shop_id", "item_id")})
    assert len(read(post(client, stream(table), content_type=ARROW))) == 2


def test_an_arrow_answer_keeps_the_columns_that_came(client):
    table = pa.table({"note": ["a"], "shop_id": [5], "item_id": [7]})
    answer = read(post(client, stream(table), content_type=ARROW))
    assert answer.column_names == [*table.column_names, "prediction", "basis", "listed"]
    assert answer["note"].to_pylist() == ["a"]


@pytest.mark.parametrize("body", [b"", b"ARROW1", b"\xff\xff\xff\xff\x10\x00\x00\x00"])
def test_what_is_no_arrow_stream_is_a_400(client, body):
    assert_problem(post(client, body, content_type=ARROW), 400, [], "Arrow stream")


def test_a_broken_arrow_stream_is_never_a_failure(client, pairs):
    whole = stream(pairs[:20])
    random = np.random.default_rng(8)
    for _ in range(300):
        broken = bytearray(whole)
        for at in random.integers(0, len(whole), 4):
            broken[at] = random.integers(256)
        answer = post(client, bytes(broken), content_type=ARROW)
        assert answer.status_code in (200, 400, 413)


def test_a_gzipped_body_is_the_body(client):
    body = json.dumps({"shop_id": 5, "item_id": 7}).encode()
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    zipped = client.post("/", data=gzip.compress(body), headers=headers)
    assert zipped.data == post(client, body).data


@pytest.mark.parametrize(
    ("encoding", "body", "status", "words"),
    [
        ("br", b"[]", 415, "expected gzip"),
        ("gzip", b"[]", 400, "not gzip"),
        ("gzip", gzip.compress(b"[]")[:-4], 400, "one whole gzip stream"),
        ("gzip", gzip.compress(b"[]") + b"more", 400, "one whole gzip stream"),
        ("gzip", gzip.compress(b" " * 100_000_000), 413, "67,108,864 bytes"),
    ],
)
def test_an_encoding_that_is_wrong_is_said(client, encoding, body, status, words):
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    answer = client.post("/", data=body, headers=headers)
    assert_problem(answer, status, [], words)


def test_more_rows_than_allowed_are_a_413_by_every_path(small_artifacts):
    few = client_of(small_artifacts, SALES_MAX_ROWS="2")
    table = pd.DataFrame({"shop_id": [5] * 3, "item_id": [7] * 3})
    for body, kind in (
        (table.to_csv(index=False).encode(), CSV),
        (stream(table), ARROW),
        (table.to_json(orient="records").encode(), "application/json"),
    ):
        assert_problem(post(few, body, content_type=kind), 413, [], "3 rows", "2")


def test_features_and_reasons_are_told_in_json_only(client):
    answer = post(client, b"shop_id,item_id\n5,7\n", "/?explain=true", CSV)
    assert_problem(answer, 400, [], "application/json")
