"""Compressed Arrow bodies: what they would take is known before it is taken."""

import gzip
import struct

import pyarrow as pa
import pytest

from service.claimed import claimed_bytes
from tests.service.clients import client_of
from tests.service.problem_shape import assert_problem

ARROW = "application/vnd.apache.arrow.stream"
MAX_BODY = 1 << 20
TOO_LARGE = "more than 1,048,576 bytes long decompressed"


def stream(codec, rows=1, version=pa.ipc.MetadataVersion.V5, **columns):
    """A compressed stream of as many pairs, with columns more."""
    ids = {"shop_id": [24] * rows, "item_id": [6] * rows}
    table = pa.table(ids | columns)
    options = pa.ipc.IpcWriteOptions(compression=codec, metadata_version=version)
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema, options=options) as written:
        written.write_table(table, max_chunksize=1000)
    return bytes(out.getvalue())


def words(count):
    return pa.array(["a" * 1000] * count)


@pytest.fixture(scope="module")
def narrow(tiny_artifacts):
    return client_of(tiny_artifacts, SALES_MAX_BODY=str(MAX_BODY))


def sent(client, body, **headers):
    return client.post("/v1/predict", data=body, content_type=ARROW, headers=headers)


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
@pytest.mark.parametrize("version", ["V4", "V5"])
def test_what_compressed_buffers_say_is_summed(codec, version):
    version = getattr(pa.ipc.MetadataVersion, version)
    body = stream(codec, 2000, version, name=words(2000))
    # Of each of two batches: two columns of ids, the names' ends, the names.
    expected = 2 * (2 * 8000 + 4004 + 1_000_000)
    assert expected <= sum(claimed_bytes(body)) < expected + 100


def test_a_dictionary_s_words_are_summed_too():
    found = list(claimed_bytes(stream("zstd", 9, name=words(9).dictionary_encode())))
    assert 1000 in found


def test_what_is_not_compressed_says_nothing():
    assert list(claimed_bytes(stream(None, name=words(1)))) == []


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_what_fits_once_decompressed_is_answered(narrow, codec):
    answer = sent(narrow, stream(codec, 500, name=words(500)))
    assert answer.status_code == 200
    assert len(pa.ipc.open_stream(answer.data).read_all()) == 500


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_a_bomb_is_not_set_off(narrow, codec):
    bomb = stream(codec, name=[b"\0" * (64 << 20)])
    assert len(bomb) < MAX_BODY
    before = pa.total_allocated_bytes(), pa.default_memory_pool().max_memory()
    assert_problem(sent(narrow, bomb), 413, [], TOO_LARGE)
    packed = {"Content-Encoding": "gzip"}
    assert_problem(sent(narrow, gzip.compress(bomb), **packed), 413, [], TOO_LARGE)
    after = pa.total_allocated_bytes(), pa.default_memory_pool().max_memory()
    assert after == before


@pytest.mark.parametrize("length", [2**31, 2**40, 2**62, 2**63 - 1])
def test_a_length_that_is_a_lie_is_believed(narrow, length):
    body = stream("zstd", name=words(1))
    lie = body.replace(struct.pack("<q", 1000), struct.pack("<q", length))
    assert lie != body
    assert_problem(sent(narrow, lie), 413, [], TOO_LARGE)


@pytest.mark.parametrize("length", [-2, -(2**62), 0, 999, 1001])
def test_another_lie_makes_no_room_for_more(narrow, length):
    body = stream("zstd", name=words(1))
    lie = body.replace(struct.pack("<q", 1000), struct.pack("<q", length))
    assert min(claimed_bytes(lie)) >= 0
    assert_problem(sent(narrow, lie), 400, [], "not an Arrow stream")


def test_compression_that_is_said_elsewhere_is_refused(narrow):
    """As Arrow 0.17 wrote it: readers still know it."""
    key = "ARROW:experimental_compression"
    batch = pa.record_batch({"shop_id": [24], "item_id": [6]})
    out = pa.BufferOutputStream()
    version = pa.ipc.MetadataVersion.V4
    options = pa.ipc.IpcWriteOptions(metadata_version=version)
    with pa.ipc.new_stream(out, batch.schema, options=options) as written:
        written.write_batch(batch, custom_metadata={key: "zstd"})
    answer = sent(narrow, bytes(out.getvalue()))
    assert_problem(answer, 400, [], "compression as before Arrow 1.0 is not read")


@pytest.mark.parametrize("at", range(0, 900, 7))
def test_a_broken_head_is_a_problem(narrow, at):
    body = bytearray(stream("zstd", name=words(1)))
    body[at : at + 4] = b"\xff\xff\xff\x7f"
    answer = sent(narrow, bytes(body))
    if answer.status_code != 200:
        assert_problem(answer, answer.status_code)
        assert answer.status_code in (400, 404, 413)
