"""The demo retailer's daily sales: demand by shop, item and month, then receipts.

Expected demand is a product: the shop's size, its taste for the category, the item's
level and age, the pair's own luck, and shocks of the month. Receipts are drawn from
it, spread over the month's days, and a few of them come back as returns.
"""

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from feature_store.demo_catalogue import (
    CATEGORIES,
    CONSOLE,
    CONSOLE_LAUNCH,
    DOWNLOADS,
    FLAGSHIPS,
    FULL_SIZE,
    LIVES,
    MONTHS,
    ONLINE,
    SHOPS,
    Floats,
    Ints,
    Items,
    open_shops,
)

# Units a month of a chain of FULL_SIZE items, in thousands: a year a line.
UNITS = (
    *(131, 128, 147, 107, 107, 125, 117, 125, 133, 128, 130, 183),
    *(117, 110, 115, 97, 98, 97, 91, 103, 99, 107, 118, 169),
    *(111, 84, 82, 78, 72, 64, 63, 66, 73, 71),
)
FIRST_DAY = date(2013, 1, 1)
WEEKDAYS = (0.76, 0.81, 0.88, 0.92, 1.05, 1.38, 1.2)  # demand, Monday to Sunday
SIZES = np.array([1, 2, 3, 4, 5, 6, 8, 10, 15, 25, 60])  # units on one receipt
SIZE_SHARES = np.array([9280, 510, 110, 40, 20, 12, 10, 8, 6, 3, 1]) / 10_000
RETURNS = 0.0026  # of rows
PROMOTED = 0.05  # of items on sale, each month anew
LUCK = 2.2  # shape of a pair's lasting luck; the smaller, the more unequal
SPREAD = 3.5  # shape of a pair's luck in one month; likewise
CONSOLES_A_MONTH = 2.2  # of item CONSOLE in shop 24


@dataclass(frozen=True)
class Sales:
    """Daily rows by date; each array has one value a row."""

    day: Ints  # days since FIRST_DAY
    shop: Ints
    item: Ints
    price: Floats  # roubles
    count: Ints  # units; negative for a return

    def __len__(self) -> int:
        return len(self.day)

    def take(self, rows: Ints) -> "Sales":
        """These rows, in this order."""
        return Sales(
            self.day[rows],
            self.shop[rows],
            self.item[rows],
            self.price[rows],
            self.count[rows],
        )


@dataclass(frozen=True)
class Chain:
    """What stays the same from month to month."""

    items: Items
    size: Floats  # (shops,), 1 for shop 24
    taste: Floats  # (shops, categories)
    luck: NDArray[np.float32]  # (shops, items), mean 1
    price_level: Floats  # (shops,)


@dataclass(frozen=True)
class Month:
    """Who sells what in one month."""

    number: int
    shops: Ints  # open, by id
    on_sale: Ints  # items, by id
    promoted: NDArray[np.bool_]  # (on_sale,)


def make_chain(items: Items, rng: np.random.Generator) -> Chain:
    """Draws the shops' sizes and tastes and each pair's luck."""
    size = rng.lognormal(0.0, 0.38, SHOPS)
    for shop, factor in FLAGSHIPS.items():
        size[shop] = factor
    size[24] = 1.0
    luck = rng.standard_gamma(LUCK, (SHOPS, len(items)), dtype=np.float32) / LUCK
    level = rng.choice([0.97, 1.0, 1.0, 1.03], SHOPS)
    return Chain(items, size, _tastes(rng), luck, level)


def _tastes(rng: np.random.Generator) -> Floats:
    """(shops, categories): digital goods sell in the shop for downloads alone."""
    families = list(LIVES)
    of_family = [families.index(c.family) for c in CATEGORIES]
    taste = rng.lognormal(0.0, 0.3, (SHOPS, len(families)))[:, of_family]
    taste *= rng.lognormal(0.0, 0.3, (SHOPS, len(CATEGORIES)))
    digital = np.array([c.digital for c in CATEGORIES])
    taste[:, digital] = 0.0
    taste[DOWNLOADS] = np.where(digital, 12.0, 0.0)
    services = np.array([c.family == "Services" for c in CATEGORIES])
    taste[ONLINE, services] *= 10
    return taste


def make_sales(
    chain: Chain, rng: np.random.Generator, report: Callable[[float], None]
) -> Sales:
    """Months 0 to 33, about 2.9 million rows of 22,170 items.

    `report` is told the part done, from 0 to 1.
    """
    months = []
    for number in range(MONTHS):
        months.append(_sold(chain, number, rng))
        report((number + 1) / MONTHS)
    sales = _concatenated(months)
    sales = _concatenated([sales, _returns(sales, rng)])
    return _with_oddities(sales.take(np.argsort(sales.day, kind="stable")), rng)


def _concatenated(parts: Sequence[Sales]) -> Sales:
    return Sales(
        np.concatenate([part.day for part in parts]),
        np.concatenate([part.shop for part in parts]),
        np.concatenate([part.item for part in parts]),
        np.concatenate([part.price for part in parts]),
        np.concatenate([part.count for part in parts]),
    )


def _sold(chain: Chain, number: int, rng: np.random.Generator) -> Sales:
    """One month's sales, by day, shop and item."""
    month = _open(chain.items, number, rng)
    width = len(month.on_sale)
    receipts = rng.poisson(_demand(chain, month, rng)).ravel()
    cells = np.repeat(np.arange(len(receipts)), receipts)
    days = _days(chain.items, month.on_sale[cells % width], number, rng)
    days, cells, count = _by_day(days, cells, rng)
    shop, position = month.shops[cells // width], cells % width
    tags = _tags(chain.items, month)[position]
    price = _paid(tags * chain.price_level[shop], rng)
    return Sales(_first_day(number) + days, shop, month.on_sale[position], price, count)


def _open(items: Items, number: int, rng: np.random.Generator) -> Month:
    on_sale = np.flatnonzero((items.launch <= number) & (number <= items.last))
    promoted = rng.random(len(on_sale)) < PROMOTED
    return Month(number, np.flatnonzero(open_shops(number)), on_sale, promoted)


def _demand(chain: Chain, month: Month, rng: np.random.Generator) -> Floats:
    """Expected receipts, (shops, on_sale); their units sum to UNITS of the month."""
    taste = chain.taste * rng.lognormal(0.0, 0.15, chain.taste.shape)
    size = (chain.size * rng.lognormal(0.0, 0.06, SHOPS))[month.shops, None]
    demand = taste[np.ix_(month.shops, chain.items.category[month.on_sale])]
    demand *= size * _pull(chain.items, month, rng)
    demand *= chain.luck[np.ix_(month.shops, month.on_sale)]
    units = UNITS[month.number] * 1000 * len(chain.items) / FULL_SIZE
    demand *= units / (demand.sum() * (SIZES @ SIZE_SHARES))
    demand *= rng.standard_gamma(SPREAD, demand.shape) / SPREAD
    if month.number >= CONSOLE_LAUNCH:
        steady = CONSOLES_A_MONTH * chain.size[month.shops]
        steady[month.shops == DOWNLOADS] = 0.0
        demand[:, month.on_sale == CONSOLE] = steady[:, None]
    return demand


def _pull(items: Items, month: Month, rng: np.random.Generator) -> Floats:
    """Relative demand of each item on sale: level, age, trend, season and chance."""
    category = items.category[month.on_sale]
    lives = [LIVES[c.family] for c in CATEGORIES]
    curves = np.array([(life.spike, life.fade, life.shelf) for life in lives])
    spike, fade, shelf = curves[category].T
    age = month.number - items.launch[month.on_sale]
    pull: Floats = items.level[month.on_sale] * (0.3 + 0.7 * np.exp(-age / shelf))
    pull *= 1 + spike * np.exp(-age / fade)
    pull *= np.where(age == 0, 1 - items.launch_day[month.on_sale], 1.0)
    yearly = np.array([c.trend for c in CATEGORIES])[category]
    pull *= np.exp(yearly * (month.number - MONTHS / 2) / 12)
    if month.number % 12 == 11:
        pull *= np.array([life.december for life in lives])[category]
    pull *= np.where(month.promoted, 1.6, 1.0) * rng.lognormal(0.0, 0.4, len(pull))
    return pull


def _days(items: Items, item: Ints, month: int, rng: np.random.Generator) -> Ints:
    """A day of the month, from 0, for each receipt; none before the item's launch."""
    length = _length(month)
    weekdays = (FIRST_DAY.weekday() + _first_day(month) + np.arange(length)) % 7
    weight = np.array(WEEKDAYS)[weekdays]
    if month % 12 == 11:
        weight *= np.linspace(0.6, 1.6, length)
    edges = np.cumsum(weight) / weight.sum()
    days = np.searchsorted(edges[:-1], rng.random(len(item)), side="right")
    launched = items.launch[item] == month
    start = items.launch_day[item[launched]]
    days[launched] = start * length + days[launched] * (1 - start)
    return days


def _by_day(
    days: Ints, cells: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Receipts of one pair and day as one row: (days, cells, units), by day."""
    units = rng.choice(SIZES, len(days), p=SIZE_SHARES)
    order = np.lexsort((cells, days))
    days, cells = days[order], cells[order]
    new = (np.diff(days, prepend=-1) != 0) | (np.diff(cells, prepend=-1) != 0)
    starts = np.flatnonzero(new)
    return days[starts], cells[starts], np.add.reduceat(units[order], starts)


def _tags(items: Items, month: Month) -> Floats:
    """The price on each item's tag this month: dearer each year, cheaper with age."""
    category = items.category[month.on_sale]
    markdown = np.array([LIVES[c.family].markdown for c in CATEGORIES])[category]
    half_years = np.minimum((month.number - items.launch[month.on_sale]) // 6, 6)
    price = items.price[month.on_sale] * (1 - markdown) ** half_years
    price *= np.where(month.promoted, 0.75, 1.0) * np.exp(0.004 * month.number)
    return _rounded(price)


def _rounded(price: Floats) -> Floats:
    """Prices as shops write them: 5, 149, 1 490, 22 990."""
    step = np.select([price < 20, price < 1000, price < 5000], [1, 10, 50], 500)
    ending = np.select([price < 20, price < 5000], [0, 1], 10)
    rounded: Floats = np.maximum(np.round(price / step) * step - ending, 1.0)
    return rounded


def _paid(price: Floats, rng: np.random.Generator) -> Floats:
    """What is paid: the whole price on most days, less with a loyalty card."""
    off = rng.choice([0.0, 0.03, 0.05, 0.1], len(price), p=[0.86, 0.05, 0.05, 0.04])
    return np.where(off > 0, np.round(price * (1 - off), 2), np.round(price))


def _returns(sales: Sales, rng: np.random.Generator) -> Sales:
    """A few units that come back within a month, while the shop is open."""
    sold = rng.choice(len(sales), round(RETURNS * len(sales)), replace=False)
    day = sales.day[sold] + rng.integers(1, 28, len(sold))
    ends = np.array([_first_day(month) for month in range(1, MONTHS + 1)])
    is_open = np.array([open_shops(month) for month in range(MONTHS + 1)])
    kept = is_open[np.searchsorted(ends, day, side="right"), sales.shop[sold]]
    kept &= day < ends[-1]
    back = sales.take(sold[kept])
    one = np.full(len(back), -1)
    return Sales(day[kept], back.shop, back.item, back.price, one)


def _with_oddities(sales: Sales, rng: np.random.Generator) -> Sales:
    """What real files hold too: a price of -1, huge values, rows that repeat."""
    rows = rng.choice(len(sales), 8, replace=False)
    sales.price[rows[0]] = -1.0
    sales.price[rows[1]] = 249_990.0
    sales.count[rows[2]] = 10 + len(sales) // 3000
    repeated = np.sort(np.concatenate([np.arange(len(sales)), rows[3:]]))
    return sales.take(repeated)


def _first_day(month: int) -> int:
    """Days from FIRST_DAY to the month's first."""
    return (date(2013 + month // 12, month % 12 + 1, 1) - FIRST_DAY).days


def _length(month: int) -> int:
    """Days in the month."""
    return monthrange(2013 + month // 12, month % 12 + 1)[1]


def month_of_day() -> Ints:
    """`date_block_num` of each day since FIRST_DAY, (1033,)."""
    return np.repeat(np.arange(MONTHS), [_length(month) for month in range(MONTHS)])
