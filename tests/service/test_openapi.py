"""`/openapi.json`: every route and nothing else, by the types that parse."""

import re

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.openapi import PROBLEMS
from service.operations import OPERATIONS
from service.problems import Busy, NoKey, Problem
from tests.service.clients import client_of, post
from tests.service.problem_shape import assert_problem

UNTOLD = {"/page/{name}": "the files of the page are its own business"}
BY_HTTP = {"HEAD", "OPTIONS"}  # what Flask answers at every address
ARROW = "application/vnd.apache.arrow.stream"


@pytest.fixture(scope="module")
def told(client):
    return client.get("/openapi.json").json


def operations(told):
    """(path, method, operation) of everything described."""
    return [
        (path, method, operation)
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    ]


def named(told, group, name):
    """A component."""
    return told["components"][group][name]


def valid(told, schema, value):
    """Fails unless a value is of a schema of the document."""
    Draft202012Validator({**schema, "components": told["components"]}).validate(value)


def test_it_is_valid_openapi_3_1(told):
    assert told["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(told).validate()


def test_every_route_is_told_and_every_told_one_is_there(client, told):
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in client.application.url_map.iter_rules()
        for method in rule.methods - BY_HTTP
    }
    described = {(path, method) for path, method, _ in operations(told)}
    assert {route for route in routes if route[0] not in UNTOLD} == described
    assert set(UNTOLD) <= {path for path, _ in routes}


def test_each_operation_has_a_name_of_its_own_a_summary_and_a_group(told):
    found = [operation for _, _, operation in operations(told)]
    names = [operation["operationId"] for operation in found]
    assert len(set(names)) == len(names) == len(OPERATIONS)
    groups = {tag["name"] for tag in told["tags"]}
    assert {tag for operation in found for tag in operation["tags"]} == groups
    assert all(operation["summary"] for operation in found)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_parameters_are_told_as_they_are_read(told, operation):
    described = told["paths"][operation.path][operation.method.lower()]
    by_name = {p["name"]: p for p in described.get("parameters", [])}
    read = {p.name: p for p in (*operation.ids, *(operation.query or ()))}
    assert list(by_name) == list(read)
    for name, parameter in read.items():
        assert parameter.meaning
        assert by_name[name]["required"] is (parameter.default is ...)
        schema = by_name[name]["schema"]
        assert schema.items() >= parameter.kind.schema.items()
        if "maximum" in schema:
            for good_one in (schema["minimum"], schema["maximum"]):
                assert parameter.kind.read(str(good_one)) == good_one
            for bad in (schema["minimum"] - 1, schema["maximum"] + 1):
                with pytest.raises(ValueError, match="expected a whole number"):
                    parameter.kind.read(str(bad))


def test_the_headers_that_answers_have_are_told(client, told):
    ours = {"X-Request-Id", "ETag", "Cache-Control", "Salespredictor-Not-Found"}
    shops = told["paths"]["/v1/shops"]["get"]["responses"]
    predict = told["paths"]["/v1/predict"]["post"]["responses"]
    first = client.get("/v1/shops")
    again = client.get("/v1/shops", headers={"If-None-Match": first.headers["ETag"]})
    csv = post(client, b"shop_id,item_id\n24,6\n", content_type="text/csv")
    found = [(first, shops), (again, shops), (csv, predict)]
    for answer, responses in found:
        described = set(responses[str(answer.status_code)]["headers"])
        assert described == ours & set(answer.headers.keys())
    assert [answer.status_code for answer, _ in found] == [200, 304, 200]


def test_the_headers_that_problems_have_are_told(told):
    for error in (NoKey("-"), Busy("-")):
        name = type(PROBLEMS[error.status]).__name__
        described = named(told, "responses", name)["headers"]
        assert set(described) == {"X-Request-Id", *dict(error.headers)}


def test_the_examples_are_of_their_types(told):
    compared = 0
    for _, _, operation in operations(told):
        contents = [a.get("content", {}) for a in operation["responses"].values()]
        contents.append(operation.get("requestBody", {}).get("content", {}))
        for content in contents:
            for inner in content.values():
                for example in inner.get("examples", {}).values():
                    valid(told, inner["schema"], example["value"])
                    compared += 1
    assert compared > 25


def test_the_examples_of_bodies_are_answered_as_the_document_shows(client, told):
    predict = told["paths"]["/v1/predict"]["post"]
    answers = predict["responses"]["200"]["content"]
    for media in ("application/json", "text/csv"):
        shown = answers[media]["examples"]
        for name, example in predict["requestBody"]["content"][media][
            "examples"
        ].items():
            body = example["value"]
            if media == "application/json":
                answer = post(client, body)
                assert answer.json == shown[name]["value"]
            else:
                answer = post(client, body.encode(), content_type=media)
                assert answer.text == shown[name]["value"]
            assert answer.status_code == 200
    assert set(predict["requestBody"]["content"]) == set(answers)
    assert ARROW in answers


def test_every_list_and_fact_has_a_real_answer_as_example(client, told):
    for path, method, operation in operations(told):
        if method == "get" and path != "/openapi.json":
            for inner in operation["responses"]["200"]["content"].values():
                if "schema" in inner:
                    assert inner["examples"]["answer"]["value"], path


def test_errors_are_shown_as_they_are_answered(client, told, small_artifacts):
    few = client_of(small_artifacts, SALES_MAX_ROWS="250000")
    asked = {
        "BadRequest": post(client, {"shop_id": "24", "item_id": 6}),
        "NotInCatalogue": client.get("/v1/shops/999/top"),
        "TooLarge": post(
            few,
            b"shop_id,item_id\n" + b"5,7\n" * 250_001,
            content_type="text/csv",
        ),
        "WrongMediaType": client.post(
            "/",
            data=b"[]",
            content_type="application/json",
            headers={"Content-Encoding": "br"},
        ),
    }
    for name, answer in asked.items():
        content = named(told, "responses", name)["content"]
        assert content["application/problem+json"]["example"] == answer.json
        assert_problem(answer, answer.status_code)


def test_a_problem_is_told_with_every_member(told):
    schema = named(told, "schemas", "Problem")
    assert list(schema["properties"]) == list(Problem.__struct_fields__)


def test_bodies_are_told_as_strictly_as_they_are_parsed(told):
    pair = named(told, "schemas", "Pair")
    assert pair["additionalProperties"] is False
    assert pair["properties"]["shop_id"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 2**31 - 1,
    }
    assert (
        "item_cnt_day_lag_1" in pair["properties"]["override"]["propertyNames"]["enum"]
    )
    vector = named(told, "schemas", "Vectors")["properties"]["input"]["items"]
    assert (vector["minItems"], vector["maxItems"]) == (44, 44)


def test_a_key_may_be_sent_but_health_and_documents_never_want_one(told):
    key = named(told, "securitySchemes", "key")
    assert key == {"type": "http", "scheme": "bearer"}
    assert told["security"] == [{}, {"key": []}]
    for _, _, operation in operations(told):
        health = operation["operationId"] in ("healthz", "readyz")
        is_open = health or operation["tags"] == ["Documents"]
        assert ("security" in operation) is is_open
        assert ("401" in operation["responses"]) is not is_open


def test_it_is_there_without_a_build_its_answers_without_examples(tmp_path):
    told = client_of(tmp_path).get("/openapi.json").json
    OpenAPIV31SpecValidator(told).validate()
    answer = told["paths"]["/v1/shops"]["get"]["responses"]["200"]
    assert "examples" not in answer["content"]["application/json"]


def test_a_store_without_the_usual_pair_shows_another(tiny_artifacts):
    client = client_of(tiny_artifacts)
    told = client.get("/openapi.json").json
    body = told["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]
    assert post(client, body["examples"]["pair"]["value"]).status_code == 200
