"""Numbers that the workers share: each adds in a row of its own, anyone sums the rows.

The memory is mapped before the workers are forked from this process: it needs no
file, outlives a worker that is killed, and goes with the server.
"""

import fcntl
import mmap
import os

CELLS = 8192  # of a row, 8 bytes each; the first holds the id of the row's process


class Board:
    """Rows of whole numbers, all 0 at first, for as many processes at once."""

    def __init__(self, rows: int = 1) -> None:
        # A row more, for whoever finds none that is free.
        self._cells = memoryview(mmap.mmap(-1, 8 * CELLS * (rows + 1))).cast("q")
        self._rows = rows
        # A file in memory, to lock: a killed process lets go of such a lock.
        self._lock = os.memfd_create("board")

    def claim(self) -> memoryview:
        """A row for this process alone; its numbers go on from a dead one's."""
        fcntl.lockf(self._lock, fcntl.LOCK_EX)
        try:
            free = (i for i in range(self._rows) if not is_alive(self.row(i)[0]))
            row = self.row(next(free, self._rows))
            row[0] = os.getpid()
            return row
        finally:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)

    def row(self, index: int) -> memoryview:
        """A row's cells."""
        return self._cells[index * CELLS : (index + 1) * CELLS]

    def __del__(self) -> None:
        os.close(self._lock)

    def used(self) -> list[memoryview]:
        """The rows that some process has claimed."""
        rows = map(self.row, range(self._rows + 1))
        return [row for row in rows if row[0]]


def is_alive(pid: int) -> bool:
    """Whether there is such a process; 0 is none."""
    if pid == 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
