"""Parameters of an address: read in one strict way, each fault pointed at."""

import pytest

from service.problems import BadRequest
from service.queries import FLAG, ID, Parameter, parse_query, whole
from tests.service.problem_shape import assert_problem

WHOLE = "expected a whole number, 0 to 2147483647"
LIMIT = "expected a whole number, 1 to 1000"

BAD = [
    ("/v1/predict", ["/shop_id", "/item_id"], "shop_id is missing"),
    ("/v1/predict?shop_id=24", ["/item_id"], "item_id is missing"),
    ("/v1/predict?shop_id=24&item_id=", ["/item_id"], f'item_id is "": {WHOLE}'),
    ("/v1/predict?shop_id=24&item_id=6.0", ["/item_id"], f'is "6.0": {WHOLE}'),
    ("/v1/predict?shop_id=24&item_id=1e2", ["/item_id"], f'is "1e2": {WHOLE}'),
    ("/v1/predict?shop_id=24&item_id=-6", ["/item_id"], f'is "-6": {WHOLE}'),
    ("/v1/predict?shop_id=24&item_id=%2B6", ["/item_id"], f'is "+6": {WHOLE}'),
    ("/v1/predict?shop_id=24&item_id=+6", ["/item_id"], f'is " 6": {WHOLE}'),
    ("/v1/predict?shop_id=24&item_id=6%0A", ["/item_id"], f'is "6\\n": {WHOLE}'),
    ("/v1/predict?shop_id=24&item_id=6_0", ["/item_id"], f'is "6_0": {WHOLE}'),
    ("/v1/predict?shop_id=24&item_id=%D9%A6", ["/item_id"], f'is "٦": {WHOLE}'),
    ("/v1/predict?shop_id=24&item_id=%C2%B2", ["/item_id"], f'is "²": {WHOLE}'),
    ("/v1/predict?shop_id=2147483648&item_id=6", ["/shop_id"], "2147483648"),
    (f"/v1/predict?shop_id={'9' * 5000}&item_id=6", ["/shop_id"], "…"),
    ("/v1/predict?shop_id=1&shop_id=2&item_id=6", ["/shop_id"], "given 2 times"),
    ("/v1/predict?shop_id=24&item_id=6&x=1", ["/x"], 'unknown parameter "x"'),
    ("/v1/shops?x=1", ["/x"], "expected none"),
    ("/v1/categories?limit=1", ["/limit"], "expected none"),
    ("/v1/model?x=1", ["/x"], "expected none"),
    ("/v1/features?x=1", ["/x"], "expected none"),
    ("/v1/shops/24/items/6?x=1", ["/x"], "expected none"),
    ("/v1/items/6/shops?x=1", ["/x"], "expected none"),
    ("/v1/predict?shop_id=24&item_id=6&%0A=1", ["/\\n"], 'unknown parameter "\\n"'),
    ("/v1/items?limit=0", ["/limit"], f'limit is "0": {LIMIT}'),
    ("/v1/items?limit=1001", ["/limit"], f'limit is "1001": {LIMIT}'),
    ("/v1/items?limit=x&offset=-1", ["/limit", "/offset"], "and 1 more fault"),
    ("/v1/items?category=games", ["/category"], f'category is "games": {WHOLE}'),
    ("/v1/items?q=a&q=b", ["/q"], "q is given 2 times: expected once"),
    ("/v1/items?query=a", ["/query"], "expected q, category, limit, offset"),
    ("/v1/shops/24/top?limit=", ["/limit"], f'limit is "": {LIMIT}'),
    ("/v1/shops/24/top?q=x", ["/q"], "expected category, limit, offset"),
    ("/v1/shops/x/top", ["/shop_id"], f'shop_id is "x": {WHOLE}'),
    ("/v1/shops/24.0/top", ["/shop_id"], f'shop_id is "24.0": {WHOLE}'),
    ("/v1/shops/24/items/-1", ["/item_id"], f'item_id is "-1": {WHOLE}'),
    ("/v1/shops/x/items/y", ["/shop_id", "/item_id"], "and 1 more fault"),
    ("/v1/items/99999999999/shops", ["/item_id"], '"99999999999"'),
]


@pytest.mark.parametrize(("address", "pointers", "words"), BAD, ids=range(len(BAD)))
def test_a_bad_parameter_is_a_400_that_points_at_it(client, address, pointers, words):
    assert_problem(client.get(address), 400, pointers, words)


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("007", 7), ("2147483647", 2**31 - 1)]
)
def test_an_id_is_its_digits(text, value):
    assert ID.read(text) == value


def test_a_whole_number_has_ends():
    read = whole(1, 20).read
    assert [read(text) for text in ("1", "20")] == [1, 20]
    for text in ("0", "21", "200", ""):
        with pytest.raises(ValueError, match=r"^expected a whole number, 1 to 20$"):
            read(text)


def test_a_flag_is_true_or_false_and_no_other_word():
    assert (FLAG.read("true"), FLAG.read("false")) == (True, False)
    for text in ("1", "True", "yes", ""):
        with pytest.raises(ValueError, match=r"^expected true or false$"):
            FLAG.read(text)


def test_a_parameter_that_is_not_given_has_its_default():
    asked = (Parameter("a", ID, None), Parameter("b", ID))
    assert parse_query({"b": "2"}, asked) == {"a": None, "b": 2}
    with pytest.raises(BadRequest, match="b is missing"):
        parse_query({}, asked)
