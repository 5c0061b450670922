"""The demo retailer's catalogue: its shops, its categories and its items.

Every name and every number here is made up. The levels are chosen so that the
retailer as a whole resembles a chain that sells games, films, music and gifts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feature_store.demo_names import item_names

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MONTHS = 34  # 0 is January 2013, 33 is October 2015
FULL_SIZE = 22_170  # items
TEST_ITEMS = 5_100  # of FULL_SIZE items
NEW_ITEMS = 363  # of TEST_ITEMS: on sale from the forecast month
CONSOLE = 6676
CONSOLE_CATEGORY = 12
CONSOLE_LAUNCH = 30


@dataclass(frozen=True)
class Life:
    """How a family's items sell as they age; times in months."""

    spike: float  # extra demand on the first day, as a multiple of the lasting one
    fade: float  # how long the spike lasts
    shelf: float  # mean time until an item is discontinued
    december: float  # demand in December, relative to all the shop's
    markdown: float  # part of the price taken off each half year
    fresh: float  # how likely an item is launched in these months, not before


@dataclass(frozen=True)
class Category:
    """One category. Its family is the part of its name before the colon."""

    name: str
    items: float  # relative number of items
    price: float  # median price in roubles
    demand: float = 1.0  # relative units of an item
    trend: float = 0.0  # growth a year, in natural logarithms
    first_month: int = -60
    digital: bool = False

    @property
    def family(self) -> str:
        """Its key in LIVES."""
        return self.name.split(":")[0]


LIVES = {
    "Accessories": Life(1.0, 3.0, 27.0, 1.15, 0.05, 0.53),
    "Batteries": Life(0.0, 1.0, 72.0, 1.0, 0.0, 0.23),
    "Blank media": Life(0.0, 1.0, 48.0, 0.8, 0.0, 0.23),
    "Books": Life(2.0, 1.5, 13.0, 1.1, 0.06, 0.63),
    "Cards": Life(0.5, 2.0, 48.0, 1.1, 0.0, 0.43),
    "Consoles": Life(0.8, 3.0, 24.0, 1.5, 0.03, 0.63),
    "Films": Life(3.0, 1.3, 13.0, 0.95, 0.1, 0.58),
    "Games": Life(6.0, 1.2, 16.0, 1.0, 0.14, 0.68),
    "Gifts": Life(0.8, 2.5, 17.0, 1.5, 0.04, 0.58),
    "Music": Life(2.5, 1.2, 13.0, 0.95, 0.06, 0.53),
    "Services": Life(0.5, 2.0, 36.0, 1.0, 0.0, 0.43),
    "Software": Life(0.8, 3.0, 19.0, 0.9, 0.03, 0.53),
}

CATEGORIES = (
    Category("Accessories: Headsets", 30, 1490, 2.0),
    Category("Accessories: Nintendo", 20, 590, 1.0),
    Category("Accessories: PlayStation 3", 70, 1290, 2.2, -0.6),
    Category("Accessories: PlayStation 4", 36, 890, 5.0, 0.8, first_month=9),
    Category("Accessories: PlayStation Vita", 24, 590, 1.6),
    Category("Accessories: PC", 30, 790, 1.6),
    Category("Accessories: Xbox 360", 45, 1190, 2.0, -0.5),
    Category("Accessories: Xbox One", 26, 1390, 2.0, 0.5, first_month=19),
    Category("Batteries: AA and AAA", 14, 99, 4.0),
    Category("Blank media: Discs", 16, 39, 5.0, -0.5),
    Category("Consoles: Nintendo", 10, 7990, 0.8),
    Category("Consoles: PlayStation 3", 34, 11990, 1.4, -0.6),
    Category("Consoles: PlayStation 4", 22, 22990, 4.0, 0.3, first_month=10),
    Category("Consoles: PlayStation Vita", 18, 8990, 1.1, -0.3),
    Category("Consoles: Xbox 360", 36, 9990, 1.2, -0.5),
    Category("Consoles: Xbox One", 20, 21990, 1.2, 0.2, first_month=19),
    Category("Consoles: Retro", 8, 1790, 0.7),
    Category("Services: Delivery", 10, 290, 8.0, 0.3),
    Category("Services: Tickets", 12, 1500, 10.0, 0.4, first_month=17),
    Category("Games: PlayStation 3", 610, 1390, 2.2, -0.5),
    Category("Games: PlayStation 4", 190, 2290, 4.0, 0.6, first_month=10),
    Category("Games: PlayStation Portable", 110, 690, 1.4, -0.7),
    Category("Games: PlayStation Vita", 90, 1390, 1.8),
    Category("Games: Xbox 360", 500, 1490, 2.0, -0.4),
    Category("Games: Xbox One", 120, 2690, 2.4, 0.5, first_month=19),
    Category("Games: Nintendo", 140, 1690, 1.0),
    Category("Games: PC, standard edition", 760, 390, 3.6, -0.2),
    Category("Games: PC, add-ons", 230, 490, 3.0, -0.2),
    Category("Games: PC, collector's edition", 50, 1990, 2.4),
    Category("Games: PC, bargain box", 150, 149, 1.4),
    Category("Games: PC, digital", 1050, 590, 0.7, 0.3, digital=True),
    Category("Games: Mac, digital", 12, 490, 0.1, digital=True),
    Category("Games: Board game apps", 8, 190, 0.1, digital=True),
    Category("Cards: Game time", 9, 790, 5.0, -0.2),
    Category("Cards: PlayStation Store", 8, 1250, 9.0, 0.2),
    Category("Cards: Xbox Live", 16, 1090, 7.0),
    Category("Cards: Music and films, digital", 9, 650, 3.0, 0.2, digital=True),
    Category("Films: Blu-ray", 1750, 399, 0.95, -0.2),
    Category("Films: Blu-ray 3D", 320, 799, 0.9),
    Category("Films: Blu-ray 4K", 10, 1190, 0.7, 0.6, first_month=20),
    Category("Films: DVD", 4950, 199, 1.0, -0.4),
    Category("Films: Collector's sets", 330, 890, 0.8),
    Category("Films: Television series, DVD", 380, 299, 0.8, -0.2),
    Category("Books: Art books", 24, 1390, 2.0),
    Category("Books: Audio books", 420, 279, 0.4, -0.2),
    Category("Books: Audio books, digital", 170, 149, 0.3, digital=True),
    Category("Books: Business", 170, 390, 0.3),
    Category("Books: Comics and manga", 160, 390, 1.4, 1.2, first_month=20),
    Category("Books: Computing", 60, 450, 0.3),
    Category("Books: Cookery", 50, 390, 0.3),
    Category("Books: Novels", 140, 290, 0.4),
    Category("Books: Postcards", 10, 90, 0.4),
    Category("Books: Reference", 40, 350, 0.2),
    Category("Books: Travel guides", 20, 390, 0.2),
    Category("Books: E-books, digital", 90, 190, 0.4, digital=True),
    Category("Music: CD", 2340, 289, 0.75, -0.15),
    Category("Music: CD, imported", 400, 790, 0.3),
    Category("Music: MP3", 430, 249, 0.5, -0.5),
    Category("Music: Vinyl", 790, 1290, 0.35, 0.6),
    Category("Music: Concerts, DVD", 290, 390, 0.3, -0.6),
    Category("Music: Gift editions", 50, 1890, 0.4),
    Category("Gifts: Mugs and prints", 580, 590, 0.8, 0.5),
    Category("Gifts: Gadgets", 300, 990, 0.7, -0.4),
    Category("Gifts: Soft toys", 360, 690, 1.3, 0.1),
    Category("Gifts: Board games", 280, 990, 1.1, 0.1),
    Category("Gifts: Board games, travel size", 155, 290, 2.8),
    Category("Gifts: Cards and stickers", 190, 89, 0.6, -0.3),
    Category("Gifts: Puzzles and learning", 390, 490, 0.9, -0.3),
    Category("Gifts: Vouchers", 20, 1500, 0.5),
    Category("Gifts: Souvenirs", 310, 490, 0.9),
    Category("Gifts: Sweets", 220, 120, 1.3, 0.1),
    Category("Gifts: Carrier bags", 6, 5, 330.0),
    Category("Gifts: Figures", 640, 990, 0.8, 0.5),
    Category("Gifts: T-shirts", 40, 790, 1.2),
    Category("Gifts: Posters", 20, 290, 0.8),
    Category("Software: Home and office", 280, 1490, 1.0, -0.1),
    Category("Software: Home and office, digital", 330, 1190, 0.4, digital=True),
    Category("Software: Learning", 220, 190, 0.4, -0.2),
    Category("Software: Learning, digital", 280, 190, 0.3, digital=True),
    Category("Software: Mac, digital", 12, 990, 0.1, digital=True),
    Category("Software: Accounting", 36, 3900, 2.0),
    Category("Software: Antivirus", 40, 1290, 3.0),
    Category("Software: Maps and navigation", 16, 990, 0.6, -0.6),
    Category("Services: Repairs and guarantees", 20, 490, 3.0, 0.1),
)

SHOP_NAMES = (
    "Alderbridge, Meridian Mall",
    "Alderbridge, 14 Station Road",
    "Ashmere, Riverside Centre",
    "Barrowick, Old Market Arcade",
    "Barrowick, Crown Plaza",
    "Brightwater, Harbour Mall",
    "Brightwater, Lighthouse Park",
    "Caldermouth, Grand Avenue 7",
    "Caldermouth, Mill Yard",
    "Castleford Heath, The Galleria",
    "Coldstone, Winter Garden Mall",
    "Coldstone, Arena Centre",
    "Online shop",
    "Copperfield, Foundry Mall",
    "Dunharrow, Castle Centre",
    "Dunharrow, Westgate",
    "Eastmoor, Moorside Mall",
    "Eldwick, Market Square 3",
    "Elmsworth, The Orchard",
    "Fairhaven, Pier Centre",
    "Fairhaven, Sandhill Mall",
    "Fernleigh, Greenway",
    "Glenrath, Highland Mall",
    "Glenrath, 2 Bridge Street",
    "Granport, Central Mall",
    "Granport, Flagship",
    "Granport, North Pier",
    'Granport, Mall "Aurora"',
    "Granport, South Station",
    "Hallowdale, Abbey Centre",
    "Harrowgate End, Spa Mall",
    "Kingsmouth, Flagship",
    "Kingsmouth, Royal Arcade",
    'Kingsmouth, Mall "Orion"',
    "Kingsmouth, Docklands",
    "Kingsmouth, Airport",
    "Autumn fair, Granport",
    "Lakeview, Waterfront",
    "Linden Cross, Linden Mall",
    "Marlowe, Park Centre",
    "Millbrook, Weaver's Mall",
    "Newhaven Bay, Ocean Plaza",
    "Northgate, Megacentre",
    "Northgate, University Mall",
    "Oakhurst, Acorn Mall",
    "Penwick, Harbour Street 21",
    "Quarrytown, Stonemason Mall",
    "Ravensford, Tower Centre",
    "Redcliff, Coast Mall",
    "Rosedale, Garden Centre Mall",
    "Saltmarsh, Lagoon Mall",
    "Silverton, Mint Arcade",
    "Autumn fair, Kingsmouth",
    "Stonebridge, Viaduct Centre",
    "Thornbury Vale, Hedgerow Mall",
    "Digital downloads",
    "Westhaven, Sunset Mall",
    "Clearance sale, Northgate",
    "Whitcombe, Chalk Hill Mall",
    "Yarrow, Meadow Centre",
)
SHOPS = len(SHOP_NAMES)
ONLINE, DOWNLOADS = 12, 55
FLAGSHIPS = {25: 4.5, 31: 5.0, 42: 2.6, 28: 2.4, 54: 2.0, 12: 1.6}  # times the usual
OPENED = {4: 2, 10: 2, 17: 1, 21: 4, 34: 11, 41: 14, 43: 14, 45: 15, 48: 18, 50: 19}
OPENED |= {58: 33}
LAST_MONTH = {3: 1, 16: 3, 27: 3, 33: 6, 8: 19, 15: 24, 19: 25, 29: 25, 32: 27}
LAST_MONTH |= {38: 27, 44: 28, 47: 32, 53: 32, 43: 24, 50: 27}
SEASONAL = {36: (9, 21, 33), 52: (21, 33), 57: (25,)}


def open_shops(month: int) -> NDArray[np.bool_]:
    """Which shops sell in `month`: (60,), by shop id. Month 34 has the test's 42."""
    return np.array(
        [
            month in SEASONAL[shop]
            if shop in SEASONAL
            else OPENED.get(shop, 0) <= month <= LAST_MONTH.get(shop, MONTHS)
            for shop in range(SHOPS)
        ]
    )


@dataclass(frozen=True)
class Items:
    """What is known of every item; each array has one value an item, by id."""

    names: list[str]
    category: Ints
    launch: Ints  # its first month; below 0: before January 2013
    launch_day: Floats  # where in that month, from 0 to 1
    last: Ints  # its last month on sale
    level: Floats  # lasting demand, relative
    price: Floats  # first price, roubles

    def __len__(self) -> int:
        return len(self.names)


def make_items(size: int, rng: np.random.Generator) -> Items:
    """A catalogue of `size` items, the console at id 6676 where there is room."""
    category = _categories(size, rng)
    launch = _launches(category, rng)
    shelf = _by_category([LIVES[c.family].shelf for c in CATEGORIES], category)
    evergreen = rng.random(size) < 0.12
    on_sale = rng.exponential(np.where(evergreen, 60.0, shelf))
    demand = _by_category([c.demand for c in CATEGORIES], category)
    price = _by_category([c.price for c in CATEGORIES], category)
    items = Items(
        names=item_names([CATEGORIES[k].name for k in category], rng),
        category=category,
        launch=launch,
        launch_day=rng.random(size) ** 1.3,
        last=(np.maximum(launch, 0) + on_sale).astype(np.int64),
        level=demand * rng.lognormal(0.0, 0.75, size),
        price=price * rng.lognormal(0.0, 0.4, size),
    )
    if size > CONSOLE:
        _place_console(items)
    return items


def _place_console(items: Items) -> None:
    items.names[CONSOLE] = "PlayStation 4 console, 1 TB, black, with two controllers"
    items.category[CONSOLE] = CONSOLE_CATEGORY
    items.launch[CONSOLE] = CONSOLE_LAUNCH
    items.launch_day[CONSOLE] = 0.0
    items.last[CONSOLE] = MONTHS
    items.price[CONSOLE] = 28_990


def _by_category(values: list[float], category: Ints) -> Floats:
    """Each item's value from one value a category."""
    return np.array(values, dtype=np.float64)[category]


def _categories(size: int, rng: np.random.Generator) -> Ints:
    """Each item's category: shares as in the table, in random order."""
    shares = np.array([c.items for c in CATEGORIES], dtype=np.float64)
    seats = size * shares / shares.sum()
    counts = np.floor(seats).astype(np.int64)
    # The largest remainders first: a category with few, busy items gets none in a
    # small catalogue, where one such item would outsell all the others.
    left = np.argsort(counts - seats, kind="stable")[: size - counts.sum()]
    counts[left] += 1
    return rng.permutation(np.repeat(np.arange(len(CATEGORIES)), counts))


def _launches(category: Ints, rng: np.random.Generator) -> Ints:
    """First months: many before month 0, fewer each year, more each autumn."""
    size = len(category)
    months = np.arange(MONTHS)
    autumn = np.where(np.isin(months % 12, (8, 9, 10)), 1.5, 1.0)
    weight = np.exp(-months / 40) * np.where(months % 12 == 0, 0.6, autumn)
    launch = rng.choice(months, size, p=weight / weight.sum())
    fresh = _by_category([LIVES[c.family].fresh for c in CATEGORIES], category)
    old = rng.random(size) > fresh
    launch[old] = -1 - rng.exponential(10.0, old.sum()).astype(np.int64)
    first = np.array([c.first_month for c in CATEGORIES])[category]
    early = launch < first
    launch[early] = rng.integers(first[early], MONTHS)
    new = rng.permutation(size)[: round(NEW_ITEMS * size / FULL_SIZE)]
    launch[new] = MONTHS
    return launch
