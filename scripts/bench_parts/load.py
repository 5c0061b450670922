"""Load on a loopback port: bodies posted in turn, by wrk or by Python."""

import asyncio
import json
import math
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path

from bench_parts.context import BenchError, Context

TIMEOUT = 300  # seconds, for one answer

# For wrk: posts the lines of a file in turn, then prints JSON.
LUA = """\
local posts, at = {}, 0

function init()
  for line in io.lines(os.getenv("BENCH_BODIES")) do
    local headers = { ["Content-Type"] = "application/json" }
    posts[#posts + 1] = wrk.format("POST", nil, headers, line)
  end
end

function request()
  at = at % #posts + 1
  return posts[at]
end

function done(summary, latency)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format(
    '\\n{"requests": %d, "seconds": %f, "failed": %d, "p99": %f}\\n',
    summary.requests, summary.duration / 1e6, failed, latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True)
class Load:
    """What a server did: requests a second, and the 99th percentile in ms."""

    per_second: float
    p99: float


def default_driver() -> str:
    """What drives the load: wrk where it is installed."""
    return "wrk" if shutil.which("wrk") else "python"


def drive(
    driver: str, port: int, bodies: Path, connections: int, seconds: float
) -> Load:
    """Post the lines of `bodies` over and over. Raises BenchError for a failure."""
    if driver == "wrk":
        found = _wrk(port, bodies, connections, math.ceil(seconds))
    else:
        found = asyncio.run(_python(port, bodies, connections, seconds))
    if found["failed"] or not found["requests"]:
        raise BenchError(
            f"{found['failed']:.0f} of {found['requests']:.0f} requests failed"
        )
    return Load(found["requests"] / found["seconds"], found["p99"])


def driven(
    context: Context, port: int, bodies: Path, connections: int
) -> Callable[[], Load]:
    """`drive`, as the options want it."""
    return lambda: drive(context.driver, port, bodies, connections, context.seconds)


def _wrk(port: int, bodies: Path, connections: int, seconds: int) -> dict[str, float]:
    script = bodies.with_name("post.lua")
    script.write_text(LUA)
    done = subprocess.run(
        [
            *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"),
            *("-s", str(script), f"http://127.0.0.1:{port}/"),
        ],
        env={**os.environ, "BENCH_BODIES": str(bodies)},
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 60,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


async def _python(
    port: int, bodies: Path, connections: int, seconds: float
) -> dict[str, float]:
    posts = [_request(port, line) for line in bodies.read_bytes().splitlines()]
    started = time.monotonic()
    clients = [
        _client(port, cycle(posts[i:] + posts[:i]), started + seconds)
        for i in range(connections)
    ]
    answers = [answer for some in await asyncio.gather(*clients) for answer in some]
    times = sorted(spent for spent, _ in answers)
    return {
        "requests": len(answers),
        "seconds": time.monotonic() - started,
        "failed": sum(status != 200 for _, status in answers),
        "p99": times[int(0.99 * len(times))] * 1e3,
    }


def _request(port: int, body: bytes) -> bytes:
    return (
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json"
        f"\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def _client(
    port: int, posts: Iterator[bytes], end: float
) -> list[tuple[float, int]]:
    """One connection, reopened where the server closes it: seconds and statuses."""
    answers = []
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for post in posts:
        started = time.monotonic()
        if writer.is_closing() or reader.at_eof():
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(maxsplit=1)[0])
        await reader.readexactly(length)
        answers.append((time.monotonic() - started, int(head.split()[1])))
        if time.monotonic() >= end:  # after one answer at least
            break
        if b"connection: close" in head:
            writer.close()
    writer.close()
    return answers


def post(port: int, body: bytes, media_type: str, path: str = "/") -> float:
    """Seconds from a request to the end of its answer. Raises BenchError."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    connection.connect()
    started = time.perf_counter()
    connection.request("POST", path, body, {"Content-Type": media_type})
    answer = connection.getresponse()
    content = answer.read()
    spent = time.perf_counter() - started
    connection.close()
    if answer.status != 200:
        raise BenchError(f"{path} answered {answer.status}: {content[:200]!r}")
    return spent
