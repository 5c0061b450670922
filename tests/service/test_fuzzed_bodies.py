"""Bodies that are nearly right, by the hundred thousand: a number, or what is wrong.

Each is a real body with a few bytes changed, so that it gets past the first look of
its parser. What was found once stands in FOUND.
"""

import gzip
import os
import random
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product

import pyarrow as pa
import pytest

from tests.service.clients import client_of
from tests.service.problem_shape import assert_problem

JSON = "application/json"
CSV = "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
STATUSES = (200, 400, 404, 413)
LONGEST = 5.0  # seconds for one body; none is longer than a few kilobytes
GROWTH = 256 << 20  # bytes of memory that the worst body may cost
VECTOR = ",".join(f"{number}.5" for number in range(44))

TEXTS = {
    JSON: [
        b'{"shop_id":24,"item_id":6}',
        b'[{"shop_id":24,"item_id":6},{"shop_id":5,"item_id":7}]',
        b'{"shop_id":24,"item_id":6,"override":{"item_cnt_day_lag_1":1e3}}',
        f'{{"input":[[{VECTOR}],[{VECTOR}]]}}'.encode(),
        b"[]",
    ],
    CSV: [
        b"shop_id,item_id\n24,6\n5,7\n",
        b"ID,shop_id,item_id\r\n0,24,6\r\n1,5,7\r\n",
        b'"item_id","shop_id"\n"6","24"\n\n7,5',
        b"shop_id,item_id\n",
    ],
}
TOKENS = [
    *(b"null", b"true", b"NaN", b"-0", b"1e999", b"1e-999", b"24.0", b"\\u0000"),
    *(b"\\ud800", b"[[", b"]]", b"{}", b'"', b"'", b",,", b"\r", b"\n\n", b"\x00"),
    *(b"\xff\xfe", b"\xef\xbb\xbf", b"2147483648", b"9" * 19, b"9" * 400, b"[" * 2000),
    *(b"shop_id", b"item_id", b"input", b"override", b"\xf0\x9f\x98\x80", b"\x80"),
]
NUMBERS = (0, 1, 2**7, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63, 2**64 - 1)


def arrow_bodies() -> Iterator[bytes]:
    """Streams of several types, columns, batches and compressions."""
    ids = {"shop_id": [24, 5, 7] * 20, "item_id": [6, 7, 8] * 20}
    more = {
        "name": pa.array(["a", "bb", None] * 20),
        "word": pa.array(["x", "y", "x"] * 20).dictionary_encode(),
        "list": pa.array([[1], [], [2, 3]] * 20),
    }
    types = (pa.int8(), pa.int32(), pa.int64(), pa.uint64())
    for kind, codec, extra in product(types, (None, "lz4", "zstd"), ({}, more)):
        columns = {name: pa.array(values, kind) for name, values in ids.items()}
        table = pa.table(columns | extra)
        options = pa.ipc.IpcWriteOptions(compression=codec)
        out = pa.BufferOutputStream()
        with pa.ipc.new_stream(out, table.schema, options=options) as stream:
            stream.write_table(table, max_chunksize=25)
        yield bytes(out.getvalue())


def arrow_of(kind: pa.DataType, *shops: int) -> bytes:
    """A stream of pairs with these shops."""
    table = pa.table({"shop_id": pa.array(shops, kind), "item_id": [6] * len(shops)})
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)
    return bytes(out.getvalue())


# What nobody had thought of, each with its status.
FOUND = [
    (ARROW, arrow_of(pa.uint64(), 24, 2**63), 400),
    (ARROW, arrow_of(pa.uint64(), 2**64 - 1), 400),
]


def seeds() -> dict[str, list[bytes]]:
    """Right bodies by media type."""
    return {**TEXTS, ARROW: list(arrow_bodies())}


def flip(body: bytearray, chance: random.Random, _: list[bytes]) -> None:
    for _ in range(chance.randint(1, 4)):
        body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)


def cut(body: bytearray, chance: random.Random, _: list[bytes]) -> None:
    at = chance.randrange(len(body))
    del body[at : at + chance.choice([1, 2, 8, len(body)])]


def insert(body: bytearray, chance: random.Random, _: list[bytes]) -> None:
    at = chance.randrange(len(body) + 1)
    body[at:at] = chance.choice([chance.choice(TOKENS), chance.randbytes(4)])


def repeat(body: bytearray, chance: random.Random, _: list[bytes]) -> None:
    at = chance.randrange(len(body))
    piece = body[at : at + chance.randint(1, 64)]
    body[at:at] = piece * chance.choice([1, 2, 50])


def splice(body: bytearray, chance: random.Random, others: list[bytes]) -> None:
    other = chance.choice(others)
    body[chance.randrange(len(body)) :] = other[chance.randrange(len(other)) :]


def put_number(body: bytearray, chance: random.Random, _: list[bytes]) -> None:
    width = chance.choice([1, 2, 4, 8])
    number = chance.choice(NUMBERS) % 2 ** (8 * width)
    at = chance.randrange(0, len(body), width)
    body[at : at + width] = number.to_bytes(width, "little")


CHANGES: list[Callable[[bytearray, random.Random, list[bytes]], None]] = [
    *(flip, cut, insert, repeat, splice, put_number)
]


def mutated(right: list[bytes], chance: random.Random) -> bytes:
    """One of the right bodies, changed in one to three ways."""
    body = bytearray(chance.choice(right))
    for _ in range(chance.choice([1, 1, 2, 3])):
        if body:
            chance.choice(CHANGES)(body, chance, right)
    return bytes(body)


def assert_answered(client, kind, body, encoding=None):
    """A good answer or a problem, soon; its status."""
    headers = {"Content-Encoding": encoding} if encoding else {}
    started = time.monotonic()
    answer = client.post("/v1/predict", data=body, content_type=kind, headers=headers)
    seconds = time.monotonic() - started
    assert answer.status_code in STATUSES, answer.data[:500]
    if answer.status_code != 200:
        assert_problem(answer, answer.status_code)
    assert seconds < LONGEST
    return answer.status_code


def fuzz(client, kind, enough, seed, kept):
    """Post changed bodies until it is enough; how many got each status.

    The last is in the file `kept`, should the process die of it.
    """
    chance, right, found = random.Random(seed), seeds()[kind], Counter()
    while not enough(found.total()):
        body, encoding = mutated(right, chance), None
        if chance.random() < 0.05:
            body, encoding = mutated([gzip.compress(body)], chance), "gzip"
        kept.write_bytes(body)
        try:
            found[assert_answered(client, kind, body, encoding)] += 1
        except BaseException as error:
            error.add_note(f"seed {seed}, {kind}, {encoding}: {body!r}")
            raise
    return found


@pytest.fixture(scope="module")
def tiny_client(tiny_artifacts):
    return client_of(tiny_artifacts)


@pytest.mark.parametrize("kind", [JSON, CSV, ARROW])
def test_the_right_bodies_are_answered(tiny_client, kind):
    for body in seeds()[kind]:
        assert assert_answered(tiny_client, kind, body) in (200, 404)


@pytest.mark.parametrize(("kind", "body", "status"), FOUND)
def test_what_was_found_once_is_answered(tiny_client, kind, body, status):
    assert assert_answered(tiny_client, kind, body) == status


@pytest.mark.parametrize("kind", [JSON, CSV, ARROW])
def test_nearly_right_bodies_are_answered(tiny_client, kind, tmp_path):
    found = fuzz(tiny_client, kind, lambda n: n >= 300, 1, tmp_path / "body")
    assert found[200] > 0
    assert found[400] > 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", [JSON, CSV, ARROW])
def test_nearly_right_bodies_are_answered_for_long(tiny_client, kind, tmp_path):
    """SALES_FUZZ_MINUTES, for the three kinds of body together."""
    seconds = float(os.environ.get("SALES_FUZZ_MINUTES", "1")) * 20
    end = time.monotonic() + seconds
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    seed = random.randrange(2**32)
    enough = lambda _: time.monotonic() > end  # noqa: E731
    found = fuzz(tiny_client, kind, enough, seed, tmp_path / "body")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    print(f"{kind}, seed {seed}: {dict(found)}, {grown >> 20} MiB more at most")
    assert grown < GROWTH
