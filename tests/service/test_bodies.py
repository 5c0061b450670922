"""A body that is wrong: refused with where and why, never a 500, never a number."""

import json

import pytest

from tests.service.clients import asked, client_of, pair, post
from tests.service.problem_shape import assert_problem

WHOLE = "expected a whole number, 0 to 2147483647"
GOOD = b'{"shop_id":24,"item_id":6}'
VECTOR = [1.0] * 44

# An id as it stands in the JSON, and as the answer shows it.
BAD_IDS = [
    (b"true", "true"),
    (b"false", "false"),
    (b"24.0", "24.0"),
    (b"1e2", "100.0"),
    (b"-0.0", "-0.0"),
    (b'"24"', '"24"'),
    (b"-1", "-1"),
    (b"2147483648", "2147483648"),
    (b"100000000000000000000", "100000000000000000000"),
    (b"9" * 400, "9" * 80 + "…"),
    (b"null", "null"),
    (b"NaN", "NaN"),
    (b"Infinity", "Infinity"),
    (b"-Infinity", "-Infinity"),
    (b"1e400", "Infinity"),
    (b"[24]", "[24]"),
    (b"{}", "{}"),
    (b'"\\ud800"', '"?"'),
    ('"сорок"'.encode(), '"сорок"'),
]


@pytest.mark.parametrize(("written", "shown"), BAD_IDS)
@pytest.mark.parametrize("field", ["shop_id", "item_id"])
def test_an_id_that_is_no_whole_number_in_range_is_a_400(client, field, written, shown):
    body = GOOD.replace(b"24" if field == "shop_id" else b"6", written)
    found = assert_problem(post(client, body), 400, [f"/{field}"])
    assert found["errors"][0]["detail"] == f"{field} is {shown}: {WHOLE}"
    assert found["detail"] == f"{field} is {shown}: {WHOLE} (at /{field})"


@pytest.mark.parametrize("written", [b"0", b"-0", b"2147483647"])
def test_the_ends_of_the_range_are_ids(client, written):
    answer = post(client, GOOD.replace(b"24", written))
    assert answer.status_code in (200, 404)


FAULTY = [
    ({}, ["/shop_id", "/item_id"], "shop_id is missing"),
    ({"shop_id": 24}, ["/item_id"], "item_id is missing"),
    ({"item_id": 6}, ["/shop_id"], "shop_id is missing"),
    ({"Shop_id": 24, "item_id": 6}, ["/Shop_id", "/shop_id"], "expected shop_id"),
    ({"shop_id": 24, "item_id": 6, "x": 1}, ["/x"], 'unknown field "x"'),
    ({"shop_id": 24, "item_id": 6, "": 1}, ["/"], 'unknown field ""'),
    ({"shop_id": 24, "item_id": 6, "a/b~c": 1}, ["/a~1b~0c"], 'field "a/b~c"'),
    ({"shop_id": 24, "item_id": 6, "\ud800": 1}, ["/?"], 'unknown field "?"'),
    ({"shop_id": 24, "item_id": 6, "input": []}, ["/shop_id", "/item_id"], "input"),
    ([{"shop_id": 24, "item_id": 6}, {}], ["/1/shop_id", "/1/item_id"], "missing"),
    ([{"shop_id": 24, "item_id": 6}, 6], ["/1"], "6: expected an object"),
    ([24, 6], ["/0", "/1"], "24: expected an object with two ids"),
    ([[]], ["/0"], "[]: expected an object"),
    (None, [""], "null: expected an object"),
    (24, [""], "24: expected an object"),
    ("24", [""], '"24": expected an object'),
    ({"input": None}, ["/input"], "null: expected a list of vectors"),
    ({"input": {}}, ["/input"], "{}: expected a list of vectors"),
    ({"input": 1}, ["/input"], "1: expected a list of vectors"),
    ({"input": VECTOR}, [f"/input/{i}" for i in range(20)], "a list of numbers"),
    ({"input": [[]]}, ["/input/0"], "0 numbers: expected 44"),
    ({"input": [VECTOR, VECTOR[1:]]}, ["/input/1"], "43 numbers: expected 44"),
    ({"input": [[*VECTOR, 1.0]]}, ["/input/0"], "45 numbers: expected 44"),
    ({"input": [VECTOR], "x": 1}, ["/x"], "unknown field"),
    (
        {"shop_id": 24, "item_id": 6, "override": []},
        ["/override"],
        "[]: expected features and their values",
    ),
    (
        {"shop_id": 24, "item_id": 6, "override": {"price": 1}},
        ["/override/price"],
        '"price": expected one of the features',
    ),
    (
        {"shop_id": 24, "item_id": 6, "override": {"shop_id": 1}},
        ["/override/shop_id"],
        '"shop_id": expected one of the features',
    ),
    (
        [{"shop_id": 24, "item_id": 6, "override": {"item_cnt_day_lag_1": "1"}}],
        ["/0/override/item_cnt_day_lag_1"],
        '"1": expected a number',
    ),
    (
        {"shop_id": 24, "item_id": 6, "override": {"item_cnt_day_lag_1": 1e39}},
        ["/override/item_cnt_day_lag_1"],
        "1e+39: expected a finite float32",
    ),
    ({"inputs": [VECTOR]}, ["/inputs", "/shop_id", "/item_id"], "unknown field"),
]


@pytest.mark.parametrize(("body", "pointers", "words"), FAULTY)
def test_every_fault_is_pointed_at(client, body, pointers, words):
    assert_problem(post(client, body), 400, pointers, words)


BAD_NUMBERS = [
    (b"1e39", "1e+39: expected a finite float32"),
    (b"-1e39", "-1e+39: expected a finite float32"),
    (b"3.4028236e38", "3.4028236e+38: expected a finite float32"),
    (b"3.4028235677973366e38", "3.4028235677973366e+38: expected a finite"),
    (b"1e400", "Infinity: expected a finite float32"),
    (b"NaN", "NaN: expected a finite float32"),
    (b"-Infinity", "-Infinity: expected a finite float32"),
    (b"1" + b"0" * 39, "1" + "0" * 39 + ": expected a finite float32"),
    (b"9" * 400, "9" * 80 + "…: expected a finite float32"),
    (b'"1"', '"1": expected a number'),
    (b"true", "true: expected a number"),
    (b"null", "null: expected a number"),
    (b"[1]", "[1]: expected a number"),
]


@pytest.mark.parametrize(("written", "detail"), BAD_NUMBERS)
def test_a_value_of_a_vector_that_is_no_float32_is_a_400(client, written, detail):
    body = json.dumps({"input": [VECTOR, [*VECTOR[:43], 2.5]]}).encode()
    answer = post(client, body.replace(b"2.5", written))
    assert_problem(answer, 400, ["/input/1/43"], detail)


@pytest.mark.parametrize(
    "written", [b"3.4028235e38", b"-3.4028235e38", b"-0", b"1e-60"]
)
def test_any_other_number_is_a_value_of_a_vector(client, written):
    body = json.dumps({"input": [[*VECTOR[:43], 2.5]]}).encode()
    assert len(asked(client, body.replace(b"2.5", written))["resultado"]) == 1


DEEP = b"[" * 100_000 + b"]" * 100_000
NOT_JSON = [
    (b"", "the body is empty; expected JSON"),
    (b" \n", "Expecting value at line 2, column 1"),
    (b"\xef\xbb\xbf" + GOOD, "begins with a byte order mark"),
    (GOOD.decode().encode("utf-16"), "not utf-8 at byte 0"),
    (GOOD.decode().encode("utf-16-le"), "line 1, column 2"),
    (GOOD.decode().encode("utf-32"), "not utf-8 at byte 0"),
    ('{"магазин":1}'.encode("cp1251"), "not utf-8 at byte 2"),
    (b'{"\xed\xa0\x80":1}', "not utf-8 at byte 2"),
    (GOOD + b"x", "Extra data at line 1, column 27"),
    (GOOD + GOOD, "Extra data at line 1, column 27"),
    (GOOD + b"\x00", "Extra data"),
    (b"\x00" + GOOD, "Expecting value"),
    (b'{"shop_id":24,"item_id":6,}', "line 1, column 2"),  # 26 or 27, by version
    (b"{'shop_id':24,'item_id':6}", "line 1, column 2"),
    (b'{"shop_id":024,"item_id":6}', "Expecting ',' delimiter"),
    (b'{"shop_id":24\n"item_id":6}', "line 2, column 1"),
    (b'{"shop_id":24,"item_id":', "Expecting value"),
    (b"shop_id=24&item_id=6", "Expecting value at line 1, column 1"),
    (b'{"shop_id":' + b"9" * 5000 + b',"item_id":6}', "a number is too long"),
    (b'{"input":[[' + b"9" * 5000 + b"]]}", "a number is too long"),
    (b"[" * 100_000, "nested too deep"),
    (b'{"a":' * 100_000, "nested too deep"),
    (b'{"input":' + DEEP + b"}", "nested too deep"),
    (b'{"shop_id":' + DEEP + b"}", "nested too deep"),
]


@pytest.mark.parametrize(("body", "words"), NOT_JSON, ids=range(len(NOT_JSON)))
def test_what_is_not_json_is_a_400_that_says_where(client, body, words):
    assert_problem(post(client, body), 400, [], words)


@pytest.mark.parametrize("opened", [b"[", b'{"input":[', b'[{"shop_id":[', b'{"x":'])
def test_no_depth_of_nesting_is_a_500(client, opened):
    closed = opened[::-1].translate(bytes.maketrans(b"[{", b"]}"))
    closed = bytes(c for c in closed if c in b"]}")
    for depth in range(50, 1050, 9):
        more = depth - len(closed)
        body = opened + b"[" * more + b"]" * more + closed
        assert_problem(post(client, body), 400)


def test_of_a_repeated_key_the_last_counts(client):
    answer = asked(client, b'{"shop_id":1,"shop_id":24,"item_id":6}')
    assert answer["shop_id"] == 24


def test_twenty_faults_are_shown_and_all_are_counted(client):
    found = assert_problem(post(client, [{"shop_id": 24}] * 21), 400)
    assert len(found["errors"]) == 20
    assert found["error_count"] == 21
    assert found["detail"] == "item_id is missing (at /0/item_id), and 20 more faults"
    found = assert_problem(post(client, [{"shop_id": 24}] * 2), 400)
    assert found["detail"].endswith("and 1 more fault")


def test_a_malformed_batch_is_refused_whole(client):
    batch = [pair(24, 6)] * 100 + [pair(24, -6)]
    answer = post(client, batch)
    assert_problem(answer, 400, ["/100/item_id"])
    assert b"prediction" not in answer.data


UNKNOWN = [
    (pair(999, 6), ["/shop_id"], "shop_id 999: not in the catalogue"),
    (pair(24, 99999), ["/item_id"], "item_id 99999: not in the catalogue"),
    (pair(999, 99999), ["/shop_id", "/item_id"], "shop_id 999 and item_id 99999: "),
]


@pytest.mark.parametrize(("one", "pointers", "words"), UNKNOWN)
def test_a_pair_that_the_catalogue_lacks_is_a_404_naming_what(
    client, one, pointers, words
):
    assert_problem(post(client, one), 404, pointers, words)
    address = "/v1/predict?shop_id={shop_id}&item_id={item_id}".format(**one)
    assert_problem(client.get(address), 404, pointers, words)


@pytest.fixture(scope="module")
def narrow(small_artifacts):
    return client_of(small_artifacts, SALES_MAX_ROWS="5", SALES_MAX_BODY="2000")


@pytest.mark.parametrize(
    "body",
    [[pair(24, 6)] * 6, {"input": [[1] * 44] * 6}],
    ids=["pairs", "vectors"],
)
def test_more_rows_than_allowed_are_a_413_that_says_how_many(narrow, body):
    assert_problem(post(narrow, body), 413, [], "6 rows", "at most 5 are allowed")


@pytest.mark.parametrize(
    "body",
    [[pair(24, 6)] * 5, {"input": [[1] * 44] * 5}],
    ids=["pairs", "vectors"],
)
def test_as_many_rows_as_allowed_are_answered(narrow, body):
    assert post(narrow, body).status_code == 200


def test_more_bytes_than_allowed_are_a_413_that_says_how_many(narrow):
    body = b" " * 1974 + GOOD
    assert len(body) == 2000
    assert post(narrow, body).status_code == 200
    answer = post(narrow, b" " + body)
    assert_problem(answer, 413, [], "2,001 bytes", "at most 2,000 are allowed")


TYPES = [
    (None, "is missing"),
    ("", "is missing"),
    ("application/x-www-form-urlencoded", "is application/x-www-form-urlencoded"),
    ("multipart/form-data; boundary=x", "is multipart/form-data"),
    ("text/plain", "is text/plain"),
    ("text/json", "is text/json"),
    ("application/vnd.api+json", "is application/vnd.api+json"),
    ("application/json, text/plain", "is application/json, text/plain"),
]


@pytest.mark.parametrize(("content_type", "words"), TYPES)
def test_a_body_that_does_not_say_it_is_json_is_a_415_with_the_header_to_paste(
    client, content_type, words
):
    answer = post(client, GOOD, content_type=content_type)
    assert_problem(answer, 415, [], words, "-H 'Content-Type: application/json'")


@pytest.mark.parametrize(
    "content_type",
    [
        "APPLICATION/JSON",
        "application/json;charset=utf-8",
        "application/json; charset=UTF-8",
        'application/json; charset="utf8"',
        "application/json; charset=us-ascii",
        "application/json; profile=x",
    ],
)
def test_json_may_be_announced_in_any_usual_way(client, content_type):
    assert post(client, GOOD, content_type=content_type).status_code == 200


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "windows-1251", "nonsense"])
def test_another_charset_is_a_400(client, charset):
    answer = post(client, GOOD, content_type=f"application/json; charset={charset}")
    assert_problem(answer, 400, [], f"charset is {charset}; expected utf-8")
