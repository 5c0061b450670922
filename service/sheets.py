"""Lists as CSV, which people open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable

import msgspec

from service.browse import Everywhere, ShopShare, Top, TopItem

# Without a charset, some clients take text for Latin-1.
MEDIA_TYPE = "text/csv; charset=utf-8"
_FORMULA = re.compile(r"[=+\-@\t\r]")


def write_sheet(found: Top | Everywhere) -> bytes:
    """The rows of a list, a column a field; nothing is an empty cell."""
    if isinstance(found, Top):
        return _write(TopItem, found.items)
    return _write(ShopShare, found.shops)


def _write(kind: type[msgspec.Struct], rows: Iterable[msgspec.Struct]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(kind.__struct_fields__)
    writer.writerows(map(_cell, msgspec.structs.astuple(row)) for row in rows)
    return out.getvalue().encode()


def _cell(value: object) -> object:
    """A value as it is written: a text is never one that a spreadsheet would run."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    return value
