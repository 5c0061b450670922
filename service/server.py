"""The server: granian, its workers, and what is printed when it starts."""

import os
import signal
import socket
from importlib import import_module
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from feature_store.errors import SalesError

# Of each worker: a long request must not keep short ones waiting.
THREADS = 4


def serve(host: str, port: int, workers: int) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are finished first.

    Raises SalesError where the address cannot be listened on.
    """
    server = Granian(
        "service.server:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=30,
    )
    server.on_startup(lambda: print(_welcome(host, port), flush=True))
    _check_free(host, port)
    try:
        # By name, granian would look for it first where the command was started.
        server.serve(target_loader=application, wrap_loader=False)
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


def application() -> Any:
    """The Flask application, loaded in a worker.

    A worker is stopped by its parent's SIGTERM alone. Until granian listens for that,
    the handler inherited from the parent would swallow it: here it just ends.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Ctrl-C reaches workers too; a second signal inside granian's handler hangs them.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    app = import_module("service.app").create_app()
    app.extensions["served"].watch()
    return app


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
