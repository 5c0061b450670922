"""Every error leaves as problem details, and none as a traceback."""

from flask import Flask, Response, request
from werkzeug.exceptions import (
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
)

from feature_store.errors import UnknownEntity
from service import problems
from service.note import note_of
from service.problems import NotInCatalogue, ProblemError, TooLarge
from service.settings import Settings


def add_handlers(app: Flask, settings: Settings) -> None:
    """Answer each kind of error as `problems` says."""

    @app.errorhandler(ProblemError)
    def told(error: ProblemError) -> Response:
        body = problems.problem(error.status, error.detail, error.faults, error.count)
        answer = _problem(body, error.status)
        answer.headers.extend(error.headers)
        return answer

    @app.errorhandler(UnknownEntity)
    def unknown(error: UnknownEntity) -> Response:
        return told(NotInCatalogue.of(error))

    @app.errorhandler(RequestEntityTooLarge)
    def too_large(_: RequestEntityTooLarge) -> Response:
        sent = request.content_length
        size = f"is {sent:,} bytes long" if sent else "is too long"
        return told(
            TooLarge(f"the body {size}; at most {settings.max_body:,} are allowed")
        )

    @app.errorhandler(HTTPException)
    def other(error: HTTPException) -> Response:
        status = error.code or InternalServerError.code
        answer = _problem(problems.problem(status, _sentence(error)), status)
        for name, value in error.get_headers():
            if name not in ("Content-Type", "Content-Length"):
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Response:
        note_of(request.environ).error = error
        return other(InternalServerError())


def _sentence(error: HTTPException) -> str:
    """What is said of an error that the framework found."""
    if isinstance(error, NotFound):
        return f"there is nothing at {request.path}"
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        return f"{request.path} does not take {request.method}; it takes {allowed}"
    if isinstance(error, InternalServerError):
        return problems.FAILED
    return error.description or error.name


def _problem(body: bytes, status: int) -> Response:
    # A cache might keep a 404 else, and the next build may know the id.
    headers = {"Cache-Control": "no-store"}
    return Response(body, status, headers, content_type=problems.MEDIA_TYPE)
