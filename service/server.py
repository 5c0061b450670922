"""The server: granian, its workers, and what is printed when it starts."""

import ctypes
import gc
import logging
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from feature_store.errors import SalesError
from service.board import Board
from service.logs import Log, Messages
from service.settings import Settings

# Of each worker. A body is read by the thread that will answer, so each connection
# can have one: 500 that send nothing then keep nobody waiting. What is answered at
# once is bounded by SALES_MAX_IN_FLIGHT.
CONNECTIONS = THREADS = 1024
HEAD_SECONDS = 30  # for a request's head, and for a connection that asks nothing
STOP_SECONDS = 30  # for what is in flight when the server is stopped
# That a thread keeps the interpreter while others wait: a lookup waits several times.
SWITCH_SECONDS = 0.001
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # of malloc.h


def serve(host: str, port: int, workers: int, settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are finished first.

    Raises SalesError where the address cannot be listened on.
    """
    log = Log.of(settings.log)
    server = Granian(
        "service.server:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=CONNECTIONS,
        # The mode that guesses the protocol waits for ever for a first byte.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_SECONDS * 1000),
        websockets=False,
        # It warns of what is meant here; once it has started, it may warn again.
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_max_rss=settings.worker_memory,
        workers_kill_timeout=STOP_SECONDS,
    )
    server.on_startup(lambda: _tell_start(log, host, port, workers))
    server.on_shutdown(lambda: log.event("stopped"))
    _check_free(host, port)
    _allow_connections()
    load = partial(application, settings, Board(2 * workers), log)
    _share_modules()
    try:
        # By name, granian would look for it first where the command was started.
        server.serve(target_loader=load, wrap_loader=False)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise SalesError(f"cannot listen on {host}:{port}: {reason}") from error


def _check_free(host: str, port: int) -> None:
    """Raises SalesError where somebody listens: granian would share the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise SalesError(f"cannot listen on {host}:{port}: {reason}") from error


def _allow_connections() -> None:
    """Have the system allow this process and its children the connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 512
    if soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def application(settings: Settings, board: Board, log: Log) -> Any:
    """The application, loaded in a worker.

    A worker is stopped by its parent's SIGTERM alone. Until granian listens for that,
    the handler inherited from the parent would swallow it: here it just ends.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Ctrl-C reaches workers too; a second signal inside granian's handler hangs them.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    _log_messages(log)
    _give_memory_back()
    if log:
        log.gather()
    sys.setswitchinterval(SWITCH_SECONDS)
    app = import_module("service.app").create_app(settings, board, log)
    app.extensions["served"].watch()
    return app.wsgi_app


def _give_memory_back() -> None:
    """Have what large requests took return to the system when they are over.

    By default glibc keeps such blocks in a heap a thread: twice the memory after ten
    large batches. Other C libraries have no such knobs.
    """
    with suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 2)
        mallopt(_M_MMAP_THRESHOLD, 1 << 20)


def _share_modules() -> None:
    """Load before the workers start what each would otherwise load for itself."""
    import_module("service.app")
    gc.freeze()  # a collection would write to every object's page


def _log_messages(log: Log) -> None:
    """Have what libraries say written as lines of the log, where there is one."""
    if log:
        logger = logging.getLogger("_granian")
        logger.handlers = [Messages(log)]
        logging.getLogger().addHandler(Messages(log))


def _tell_start(log: Log, host: str, port: int, workers: int) -> None:
    _log_messages(log)
    logging.getLogger("_granian").setLevel(logging.WARNING)
    if log:
        log.event("serving", host=host, port=port, workers=workers)
    else:
        print(_welcome(host, port), flush=True)


def _welcome(host: str, port: int) -> str:
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host  # noqa: S104
    url = f"http://{shown}:{port}/"
    return (
        f"Serving on {url} (Ctrl-C stops). Try:\n"
        f"  curl -X POST {url} -H 'Content-Type: application/json'"
        """ -d '{"shop_id":24,"item_id":6676}'"""
    )


def default_workers() -> int:
    """One a core that this process may use."""
    return len(os.sched_getaffinity(0))
