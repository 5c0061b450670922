"""Clients of the application, in this process."""

import json

from service.app import create_app
from service.settings import read_settings


def client_of(artifacts, **environ):
    """A client of the application on an artifacts folder, with other settings."""
    settings = read_settings({"SALES_ARTIFACTS": str(artifacts), **environ})
    return create_app(settings).test_client()


def post(client, body, path="/v1/predict", content_type="application/json"):
    """Post bytes as they are, anything else as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, data=data, content_type=content_type)


def asked(client, body):
    """The good answer to a body, its numbers as they were written."""
    return good(post(client, body))


def got(client, address):
    """The good answer at an address, its numbers as they were written."""
    return good(client.get(address))


def good(answer):
    text = answer.data.decode()
    assert answer.status_code == 200, text[:500]
    assert answer.headers["Content-Type"] == "application/json"
    return json.loads(text, parse_float=str)


def pair(shop_id, item_id):
    return {"shop_id": int(shop_id), "item_id": int(item_id)}
