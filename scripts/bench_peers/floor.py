"""The floor: a Flask view that parses the body and answers with a constant.

On the server and settings of the service, without what that does for an answer, its log
and its metrics. The constant is BENCH_ANSWER.
"""

import argparse
import os

import msgspec
from flask import Flask, Response, request
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from service.server import CONNECTIONS, THREADS, default_workers


class Pair(msgspec.Struct):
    """What is parsed."""

    shop_id: int
    item_id: int


def application() -> Flask:
    """One view."""
    app = Flask(__name__)
    parse = msgspec.json.Decoder(Pair).decode
    answer = os.environ.get("BENCH_ANSWER", "").encode()

    @app.post("/")
    def predict() -> Response:
        parse(request.get_data(cache=False))
        return Response(answer, content_type="application/json")

    return app


def serve(target: str) -> None:
    """Serve `target`, as the service is served, on the port of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    Granian(
        target,
        factory=True,
        address="127.0.0.1",
        port=parser.parse_args().port,
        interface=Interfaces.WSGI,
        workers=default_workers(),
        blocking_threads=THREADS,
        backpressure=CONNECTIONS,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
    ).serve()


if __name__ == "__main__":
    serve("bench_peers.floor:application")
