"""Whatever is posted: a number only for a right question, and never a 500."""

import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from feature_store.definitions import FEATURES, LAG_FEATURES
from tests.service.clients import post
from tests.service.problem_shape import assert_problem

often = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

ids = st.one_of(
    st.integers(0, 70),
    st.integers(),
    st.sampled_from([2**31 - 1, 2**31, -1, 24.0, True, None, "24", 10**20]),
)
numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.sampled_from([1e39, 3.4028235e38, 3.4028236e38, True, "1", None]),
)
pairs = st.fixed_dictionaries(
    {"shop_id": ids, "item_id": ids},
    optional={
        "x": ids,
        "input": ids,
        "override": st.dictionaries(
            st.sampled_from([*FEATURES[::5], "lag"]), numbers, max_size=3
        ),
    },
)
any_text = st.text(st.characters())  # with lone surrogates
any_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), any_text),
    lambda inner: st.one_of(
        st.lists(inner),
        st.dictionaries(
            st.one_of(st.sampled_from(["shop_id", "item_id", "input"]), any_text),
            inner,
        ),
    ),
    max_leaves=20,
)
vectors = st.lists(st.lists(numbers, min_size=43, max_size=45), max_size=3)
right_vectors = st.lists(
    st.lists(
        st.floats(width=32, allow_nan=False, allow_infinity=False),
        min_size=44,
        max_size=44,
    ),
    max_size=3,
)
bodies = st.one_of(
    any_json,
    pairs,
    st.lists(st.one_of(pairs, any_json), max_size=30),
    st.lists(st.fixed_dictionaries({"shop_id": st.integers(0, 70), "item_id": ids})),
    st.fixed_dictionaries({"input": st.one_of(vectors, right_vectors, any_json)}),
)


def is_id(value):
    return type(value) is int and 0 <= value < 2**31


def is_pair(value):
    return (
        isinstance(value, dict)
        and {"shop_id", "item_id"} <= set(value) <= {"shop_id", "item_id", "override"}
        and is_id(value["shop_id"])
        and is_id(value["item_id"])
        and is_override(value.get("override", {}))
    )


def is_override(value):
    return (
        isinstance(value, dict)
        and set(value) <= set(LAG_FEATURES)
        and all(map(is_number, value.values()))
    )


def is_number(value):
    if type(value) not in (int, float):
        return False
    with np.errstate(over="ignore"), suppress(OverflowError):
        return bool(np.isfinite(np.float32(float(value))))
    return False


def are_vectors(value):
    return (
        isinstance(value, dict)
        and set(value) == {"input"}
        and isinstance(value["input"], list)
        and all(isinstance(row, list) and len(row) == 44 for row in value["input"])
        and all(is_number(number) for row in value["input"] for number in row)
    )


def right_status(value):
    """The status that a JSON value must be answered with, by the contract."""
    if isinstance(value, list):
        return 200 if all(map(is_pair, value)) else 400
    if is_pair(value):
        known = value["shop_id"] < 60 and value["item_id"] < 300
        return 200 if known else 404
    return 200 if are_vectors(value) else 400


def assert_answered(answer, status):
    if status == 200:
        assert answer.status_code == 200, answer.data
    else:
        assert_problem(answer, status)


@often
@given(bodies, st.booleans())
def test_any_json_is_answered_as_the_contract_says(client, value, ascii_only):
    with suppress(UnicodeEncodeError):  # a lone surrogate has no bytes of its own
        body = json.dumps(value, ensure_ascii=ascii_only).encode()
        assert_answered(post(client, body), right_status(value))


@often
@given(st.one_of(st.binary(), st.text().map(str.encode)))
@example(b'{"shop_id":24,"item_id":6}\xff')
def test_no_bytes_are_a_500(client, body):
    answer = post(client, body)
    try:
        value = json.loads(body.decode())
    except (ValueError, RecursionError):
        assert_problem(answer, 400)
    else:
        assert_answered(answer, right_status(value))


@often
@given(st.data())
def test_a_right_body_with_bytes_changed_is_no_500(client, data):
    right = b'[{"shop_id":24,"item_id":6},{"shop_id":5,"item_id":7}]'
    at = data.draw(st.integers(0, len(right)))
    until = data.draw(st.integers(at, len(right)))
    body = right[:at] + data.draw(st.binary(max_size=4)) + right[until:]
    answer = post(client, body)
    if answer.status_code != 200:
        assert answer.status_code in (400, 404)
        assert_problem(answer, answer.status_code)
    else:
        assert right_status(json.loads(body)) == 200


@often
@given(
    st.sampled_from(["/v1/items", "/v1/predict", "/v1/shops/24/top"]),
    st.dictionaries(
        st.one_of(
            st.sampled_from("q category limit offset shop_id item_id".split()),
            st.text(),
        ),
        st.one_of(st.text(), st.integers().map(str), st.integers(0, 300).map(str)),
    ),
)
@example("/v1/items", {"q": "²"})
@example("/v1/items", {"q": "9" * 5000})
@example("/v1/items", {"q": "\x00"})
def test_no_query_is_a_500(client, address, query):
    answer = client.get(address, query_string=query)
    if answer.status_code != 200:
        assert answer.status_code in (400, 404)
        assert_problem(answer, answer.status_code)


@pytest.mark.parametrize("address", ["/v1/shops/{}/top", "/v1/items/{}/shops"])
@often
@given(st.text(st.characters(exclude_characters="/?#", exclude_categories=["Cs"])))
def test_no_id_in_a_path_is_a_500(client, address, text):
    answer = client.get(address.format(text))
    if answer.status_code not in (200, 308):
        assert answer.status_code in (400, 404)
        assert_problem(answer, answer.status_code)
