"""Routes of operations: the address, the method and the parameters as they are told."""

from collections.abc import Callable

from flask import Flask, Response, request

from service.operations import Operation
from service.queries import parse_query

View = Callable[..., Response]


def route(app: Flask, operation: Operation) -> Callable[[View], View]:
    """Answer an operation with a view, which gets its parameters by name, parsed."""

    def add(view: View) -> View:
        def answer(**ids: str) -> Response:
            asked = parse_query(ids, operation.ids)
            if operation.query is not None:
                # Most requests have none, and Werkzeug would take its time to see it.
                given = request.args if request.query_string else {}
                asked |= parse_query(given, operation.query)
            return view(**asked)

        methods = [operation.method]
        app.add_url_rule(operation.rule, operation.name, answer, methods=methods)
        return view

    return add
