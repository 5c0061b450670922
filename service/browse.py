"""What people look up: shops, items, a pair's past, and what a shop or item sells."""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from feature_store.definitions import BASIS
from feature_store.errors import UnknownEntity
from model.artifacts import Build
from model.intervals import Interval
from service.answers import Basis, Predictor, Units, shortest
from service.searching import Search

YEAR = 12  # months


class Shop(msgspec.Struct, frozen=True):
    """A shop of the catalogue; `listed` counts its pairs in the forecast month."""

    shop_id: int
    name: str
    listed: int


class FoundItem(msgspec.Struct, frozen=True):
    """An item of the catalogue with its category."""

    item_id: int
    name: str
    category_id: int
    category: str


class Found(msgspec.Struct, frozen=True):
    """Items that match, some of `total`."""

    total: int
    items: list[FoundItem]


class Shops(msgspec.Struct, frozen=True):
    """Every shop of the catalogue."""

    total: int
    shops: list[Shop]


class Category(msgspec.Struct, frozen=True):
    """A category of the catalogue."""

    category_id: int
    name: str


class Categories(msgspec.Struct, frozen=True):
    """Every category of the catalogue."""

    total: int
    categories: list[Category]


class Month(msgspec.Struct, frozen=True):
    """What a pair sold in a month."""

    date_block_num: int
    month: str
    units: float


class PairView(msgspec.Struct, frozen=True):
    """A pair: its names, its past and its prediction."""

    shop: Shop
    item: FoundItem
    date_block_num: int
    month: str
    prediction: Units
    interval: Interval
    basis: Basis
    listed: bool
    model: str
    last_month: float | None
    same_month_last_year: float | None
    history: list[Month]


class TopItem(msgspec.Struct, frozen=True):
    """An item that a shop will sell."""

    item_id: int
    name: str
    category_id: int
    category: str
    prediction: Units
    basis: Basis
    last_month: float | None
    same_month_last_year: float | None


class Top(msgspec.Struct, frozen=True):
    """What a shop will sell most: some of `listed` items; units sum over them all."""

    shop: Shop
    date_block_num: int
    month: str
    model: str
    listed: int
    units: float
    items: list[TopItem]


class ShopShare(msgspec.Struct, frozen=True):
    """What one shop will sell of an item."""

    shop_id: int
    name: str
    prediction: Units
    basis: Basis
    listed: bool
    last_month: float | None
    same_month_last_year: float | None


class Everywhere(msgspec.Struct, frozen=True):
    """An item in every shop; `units` sums over the shops where it is listed."""

    item: FoundItem
    date_block_num: int
    month: str
    model: str
    listed: int
    units: float
    shops: list[ShopShare]


class Browser:
    """Answers about the catalogue from one build."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        build = predictor.build
        self._build: Build = build
        self._search = Search(build.catalogue)
        self._about = (build.manifest.date_block_num, build.manifest.month)
        self._version = build.manifest.version
        self._listed = build.store.listed_counts()

    def shops(self) -> Shops:
        """Every shop."""
        shops = [self.shop(shop_id) for shop_id in self._build.catalogue.shops]
        return Shops(len(shops), shops)

    def categories(self) -> Categories:
        """Every category."""
        named = self._build.catalogue.categories.items()
        return Categories(len(named), [Category(i, name) for i, name in named])

    def shop(self, shop_id: int) -> Shop:
        """One shop. Raises UnknownEntity."""
        try:
            name = self._build.catalogue.shops[shop_id]
        except KeyError:
            raise UnknownEntity([("shop_id", shop_id)]) from None
        return Shop(shop_id, name, self._listed.get(shop_id, 0))

    def item(self, item_id: int) -> FoundItem:
        """One item. Raises UnknownEntity."""
        catalogue = self._build.catalogue
        try:
            item = catalogue.items[item_id]
        except KeyError:
            raise UnknownEntity([("item_id", item_id)]) from None
        category = catalogue.categories[item.category_id]
        return FoundItem(item_id, item.name, item.category_id, category)

    def search(self, q: str, category: int | None, limit: int, offset: int) -> Found:
        """Items whose name holds every word of `q`, or whose id it is.

        An item of that id comes first, then names that begin with `q`, then the
        others, each by name.
        """
        found = self._search.find(q, category)
        page = found[offset : offset + limit]
        return Found(len(found), [self.item(item_id) for item_id in page])

    def pair(self, shop_id: int, item_id: int) -> PairView:
        """One pair. Raises UnknownEntity, naming the id or both."""
        store = self._build.store
        position = store.position(shop_id, item_id)
        units = self._predictor.units(position)
        months = self._build.history.pair(shop_id, item_id).tolist()
        first = self._build.history.first_month
        name = self._build.calendar.name
        return PairView(
            self.shop(shop_id),
            self.item(item_id),
            *self._about,
            units,
            self._predictor.interval(units),
            store.basis(position),
            store.listed(position),
            self._version,
            *self._past(shop_id, item_id),
            [Month(first + i, name(first + i), n) for i, n in enumerate(months)],
        )

    def _past(self, shop_id: int, item_id: int) -> tuple[float | None, float | None]:
        """Units last month, and in the forecast month's month a year ago."""
        history = self._build.history
        units = history.pair(shop_id, item_id)
        forecast = self._about[0] - history.first_month
        at = (forecast - 1, forecast - YEAR)
        last, year = (float(units[i]) if 0 <= i < len(units) else None for i in at)
        return last, year

    def top(self, shop_id: int, category: int | None, limit: int, offset: int) -> Top:
        """What a shop will sell most of the listed items. Raises UnknownEntity."""
        shop = self.shop(shop_id)
        store = self._build.store
        positions = store.listed_of_shop(shop_id)
        if category is not None:
            positions = positions[store.categories(positions) == category]
        units, order = self._ordered(positions)
        page = order[offset : offset + limit]
        items = store.item_ids(positions[page]).tolist()
        bases = self._bases(positions[page])
        rows = [
            TopItem(*_fields(self.item(i)), n, basis, *self._past(shop_id, i))
            for i, n, basis in zip(items, shortest(units[page]), bases, strict=True)
        ]
        total = float(units.sum(dtype=np.float64))
        return Top(shop, *self._about, self._version, len(positions), total, rows)

    def everywhere(self, item_id: int) -> Everywhere:
        """An item in every shop, most first. Raises UnknownEntity."""
        item = self.item(item_id)
        store = self._build.store
        positions = store.of_item(item_id)
        units, order = self._ordered(positions)
        listed = store.listed_many(positions)
        shops = store.shop_ids(positions[order]).tolist()
        rows = [
            ShopShare(s, self.shop(s).name, n, basis, on_list, *self._past(s, item_id))
            for s, n, basis, on_list in zip(
                shops,
                shortest(units[order]),
                self._bases(positions[order]),
                listed[order].tolist(),
                strict=True,
            )
        ]
        total = float(units[listed].sum(dtype=np.float64))
        count = int(listed.sum())
        return Everywhere(item, *self._about, self._version, count, total, rows)

    def _ordered(
        self, positions: NDArray[np.intp]
    ) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        """Predictions, and the order that puts the largest first."""
        units = self._predictor.units_many(positions)
        return units, np.argsort(-units, kind="stable")

    def _bases(self, positions: NDArray[np.intp]) -> Sequence[str]:
        return [BASIS[code] for code in self._build.store.basis_many(positions)]


def _fields(item: FoundItem) -> tuple[int, str, int, str]:
    return item.item_id, item.name, item.category_id, item.category
