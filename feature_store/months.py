"""Months as numbers: `date_block_num` to the calendar."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Calendar:
    """Ties `date_block_num` to the calendar by the month of block 0.

    >>> competition = Calendar(2013 * 12)
    >>> competition.name(0), competition.name(34), competition.name(36)
    ('2013-01', '2015-11', '2016-01')
    """

    start: int  # months from January of year 0 to block 0

    @classmethod
    def through(cls, block: int, name: str) -> "Calendar":
        """The calendar in which `block` is the month "YYYY-MM"."""
        year, month = name.split("-")
        return cls(int(year) * 12 + int(month) - 1 - block)

    def name(self, block: int) -> str:
        """The month of `block`, as "YYYY-MM"."""
        year, month = divmod(self.start + block, 12)
        return f"{year:04d}-{month + 1:02d}"
