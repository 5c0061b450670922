"""Every operation of the service: its address, what it takes and what it answers.

Routes are added, parameters parsed and `/openapi.json` made from these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from msgspec import Meta

from feature_store.descriptions import Features
from service.answers import Answer, Batch, OriginalAnswer
from service.bodies import Pair, Vectors
from service.browse import (
    Categories,
    Everywhere,
    Found,
    PairView,
    Shops,
    ShopShare,
    Top,
    TopItem,
)
from service.facts import Alive, Model, Readiness
from service.incoming import ARROW, CSV, JSON
from service.queries import FLAG, ID, TEXT, Parameter, whole

MOST_ROWS = 1000  # of a list, or of a batch that asks for more than numbers
MOST_EXPLAINED = 100
HTML = "text/html"
AS_SHEET = (
    "With `Accept: text/csv` the rows alone, for a spreadsheet: a name that it would"
    " run as a formula has an apostrophe before it."
)

SHOP = Parameter("shop_id", ID, meaning="a shop of `/v1/shops`")
ITEM = Parameter("item_id", ID, meaning="an item of `/v1/items`")
EXTRAS = (
    Parameter("features", FLAG, False, "add the feature vector by name"),
    Parameter("explain", FLAG, False, "add each feature's contribution"),
    Parameter("interval", FLAG, False, "add what eight of ten such pairs sell"),
)
PAGING = (
    Parameter("category", ID, None, "only items of this category"),
    Parameter("limit", whole(1, MOST_ROWS), 50, "rows to answer"),
    Parameter("offset", whole(0, 10**9), 0, "rows to leave out before them"),
)
SEARCH = (
    Parameter("q", TEXT, "", "words, each somewhere in the name, or an item's id"),
    *PAGING,
)


def _csv(*columns: str, more: str = "") -> Any:
    """CSV text whose header holds these columns, and then rows that match `more`."""
    return Annotated[str, Meta(pattern=f"^{','.join(columns)}{more}")]


CSV_PAIRS = _csv(
    "(ID,)?shop_id",
    "item_id",
    more=r"(\r?\n[0-9]{1,9},[0-9]{1,9}(,[0-9]{1,9})?)*\r?\n?$",
)
CSV_ANSWER = _csv("(ID|shop_id,item_id)", "item_cnt_month")


Types = Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Operation:
    """What one method does at one address.

    `path` is written as OpenAPI does; its parameters are `ids`. `bodies` and `answers`
    give the types by media type, none for bytes that no schema describes. `query` is
    None where anything is taken.
    """

    name: str
    path: str
    summary: str
    group: str
    answers: Types
    method: str = "GET"
    about: str = ""
    ids: tuple[Parameter, ...] = ()
    query: tuple[Parameter, ...] | None = ()
    bodies: Types = field(default_factory=dict)
    needs_build: bool = True
    looks_up: bool = False  # single ids, which the catalogue may lack
    tagged: bool = False  # an answer that only another build or version changes
    example: dict[str, object] = field(default_factory=dict)  # a query
    open: bool = False  # without an API key

    @property
    def rule(self) -> str:
        """Its path as Flask writes it."""
        return self.path.replace("{", "<").replace("}", ">")


PREDICT = Operation(
    name="predict",
    method="POST",
    path="/v1/predict",
    summary="Predict a pair, many pairs, or feature vectors",
    group="Predictions",
    about="The body's media type and shape say what is asked. Pairs of a batch that the"
    " catalogue lacks are answered with a null prediction (CSV: an empty value); a"
    " malformed batch is refused whole. What the query adds is for JSON bodies of at"
    " most 1,000 rows (100 with `explain`). A JSON list with `Accept: text/csv` is"
    " answered in CSV. A body may be gzipped (`Content-Encoding: gzip`).",
    query=EXTRAS,
    bodies={
        JSON: (Pair, list[Pair], Vectors),
        CSV: (CSV_PAIRS,),
        ARROW: (),
    },
    answers={
        JSON: (Answer, Batch, OriginalAnswer),
        CSV: (CSV_ANSWER,),
        ARROW: (),
    },
    looks_up=True,
)
PREDICT_AT_ROOT = replace(
    PREDICT,
    name="predict_at_root",
    path="/",
    summary="The same at the original service's address",
)
PREDICT_BY_ADDRESS = Operation(
    name="predict_by_address",
    path="/v1/predict",
    summary="Predict a pair, from an address bar",
    group="Predictions",
    query=(SHOP, ITEM, *EXTRAS),
    answers={JSON: (Answer,)},
    looks_up=True,
)
SHOPS = Operation(
    name="shops",
    path="/v1/shops",
    summary="Every shop",
    group="Lists",
    answers={JSON: (Shops,)},
    tagged=True,
)
CATEGORIES = Operation(
    name="categories",
    path="/v1/categories",
    summary="Every category of items",
    group="Lists",
    answers={JSON: (Categories,)},
    tagged=True,
)
ITEMS = Operation(
    name="items",
    path="/v1/items",
    summary="Find items by words of their name, or by id",
    group="Lists",
    about="Case and ё/е make no difference. An item of the id `q` comes first, then"
    " names that begin with `q`, then the others, each by name. `total` counts all that"
    " match.",
    query=SEARCH,
    answers={JSON: (Found,)},
    tagged=True,
    example={"limit": 2},
)
PAIR = Operation(
    name="pair",
    path="/v1/shops/{shop_id}/items/{item_id}",
    summary="A pair's names, past and prediction",
    group="Lists",
    ids=(SHOP, ITEM),
    answers={JSON: (PairView,)},
    looks_up=True,
    tagged=True,
)
TOP = Operation(
    name="top",
    path="/v1/shops/{shop_id}/top",
    summary="What a shop will sell most",
    group="Lists",
    about="Listed pairs only, most first. `listed` counts them and `units` sums over"
    f" them, whatever the page. {AS_SHEET}",
    ids=(SHOP,),
    query=PAGING,
    answers={JSON: (Top,), CSV: (_csv(*TopItem.__struct_fields__),)},
    looks_up=True,
    tagged=True,
    example={"limit": 2},
)
EVERYWHERE = Operation(
    name="everywhere",
    path="/v1/items/{item_id}/shops",
    summary="An item in every shop",
    group="Lists",
    about="Most first. `listed` counts the shops that list the item and `units` sums"
    f" over them. {AS_SHEET}",
    ids=(ITEM,),
    answers={JSON: (Everywhere,), CSV: (_csv(*ShopShare.__struct_fields__),)},
    looks_up=True,
    tagged=True,
)
MODEL = Operation(
    name="model",
    path="/v1/model",
    summary="The build that answers: data, training, holdout errors, hashes",
    group="Facts",
    answers={JSON: (Model,)},
    tagged=True,
)
FEATURES = Operation(
    name="features",
    path="/v1/features",
    summary="The values of the feature vector, in order",
    group="Facts",
    answers={JSON: (Features,)},
    needs_build=False,
    tagged=True,
)
REPORT = Operation(
    name="report",
    path="/report",
    summary="How good the build is, as a page",
    group="Facts",
    query=None,
    answers={HTML: ()},
    tagged=True,
)
REPORT_FIGURES = Operation(
    name="report_figures",
    path="/report/report.json",
    summary="The figures of the report",
    group="Facts",
    query=None,
    answers={JSON: (dict[str, Any],)},
    tagged=True,
)
HEALTHZ = Operation(
    name="healthz",
    path="/healthz",
    summary="Whether the process lives",
    group="Health",
    query=None,
    answers={JSON: (Alive,)},
    needs_build=False,
    open=True,
)
READYZ = Operation(
    name="readyz",
    path="/readyz",
    summary="Whether a build is verified and loaded",
    group="Health",
    query=None,
    answers={JSON: (Readiness,)},
    open=True,
)
METRICS = Operation(
    name="metrics",
    path="/metrics",
    summary="Counts of all workers, as Prometheus reads them",
    group="Health",
    query=None,
    answers={"text/plain": ()},
    needs_build=False,
)
PAGE = Operation(
    name="page",
    path="/",
    summary="The page for people",
    group="Documents",
    query=None,
    answers={HTML: ()},
    needs_build=False,
    open=True,
)
OPENAPI = Operation(
    name="openapi",
    path="/openapi.json",
    summary="This description, as OpenAPI 3.1",
    group="Documents",
    answers={JSON: (dict[str, Any],)},
    needs_build=False,
    tagged=True,
    open=True,
)
DOCS = Operation(
    name="docs",
    path="/docs",
    summary="This description, as a page",
    group="Documents",
    answers={HTML: ()},
    needs_build=False,
    tagged=True,
    open=True,
)
OPERATIONS = (
    PREDICT,
    PREDICT_AT_ROOT,
    PREDICT_BY_ADDRESS,
    SHOPS,
    CATEGORIES,
    ITEMS,
    PAIR,
    TOP,
    EVERYWHERE,
    MODEL,
    FEATURES,
    REPORT,
    REPORT_FIGURES,
    HEALTHZ,
    READYZ,
    METRICS,
    PAGE,
    OPENAPI,
    DOCS,
)
