"""Parameters of an address in, typed values out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from feature_store.definitions import MAX_ID
from service.problems import BadRequest, Fault, reference, show


@dataclass(frozen=True)
class Kind:
    """How a parameter's text is read, and the JSON Schema of what is read from it.

    `read` raises ValueError with what was expected.
    """

    read: Callable[[str], object]
    schema: Mapping[str, object]


@dataclass(frozen=True)
class Parameter:
    """A parameter's name, kind, value where it is absent, and meaning.

    Without a default (`...`) it must be given.
    """

    name: str
    kind: Kind
    default: object = ...
    meaning: str = ""


def digits(text: str, most: int) -> int | None:
    """The number that a text is, in no more digits than `most` has; None of others."""
    if text.isascii() and text.isdigit() and len(text) <= len(str(most)):
        return int(text)
    return None


def whole(low: int, high: int) -> Kind:
    """A whole number, `low` to `high`."""

    def read(text: str) -> int:
        value = digits(text, high)
        if value is not None and low <= value <= high:
            return value
        raise ValueError(f"expected a whole number, {low} to {high}")

    return Kind(read, {"type": "integer", "minimum": low, "maximum": high})


def _read_flag(text: str) -> bool:
    if text in ("true", "false"):
        return text == "true"
    raise ValueError("expected true or false")


FLAG = Kind(_read_flag, {"type": "boolean"})
TEXT = Kind(str, {"type": "string"})
ID = whole(0, MAX_ID)


def parse_query(
    args: Mapping[str, str], parameters: Sequence[Parameter]
) -> dict[str, Any]:
    """The value of each parameter. Raises BadRequest with every fault."""
    if not args and all(parameter.default is not ... for parameter in parameters):
        return {parameter.name: parameter.default for parameter in parameters}
    args, faults, values = MultiDict(args), [], {}
    for parameter in parameters:
        given = args.getlist(parameter.name)
        try:
            values[parameter.name] = _read(parameter, given)
        except ValueError as error:
            faults.append(Fault(f"/{parameter.name}", f"{parameter.name} {error}"))
    known = [parameter.name for parameter in parameters]
    expected = ", ".join(known) or "none"
    faults += [
        Fault(
            f"/{reference(name)}",
            f"unknown parameter {show(name)}: expected {expected}",
        )
        for name in args
        if name not in known
    ]
    if faults:
        raise BadRequest.of(faults)
    return values


def _read(parameter: Parameter, given: list[str]) -> object:
    if not given:
        if parameter.default is ...:
            raise ValueError("is missing")
        return parameter.default
    if len(given) > 1:
        raise ValueError(f"is given {len(given)} times: expected once")
    try:
        return parameter.kind.read(given[0])
    except ValueError as error:
        raise ValueError(f"is {show(given[0])}: {error}") from error
