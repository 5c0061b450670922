"""The report as a page: its figures in words, tables and the template's charts."""

import math
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from model.artifacts import REPORT_FIGURES, REPORT_PAGE
from model.breakdown import CategoryPart
from model.manifest import Coverage, Part, Scores
from model.report import Importance, IntervalFigures, Month, Report

TEMPLATES = Path(__file__).parent / "templates"
Row = Sequence[str]

PARTS = ("rows of", "rows", "forecast", "sold", "RMSE", "MAE", "bias")
COVERED = (
    "rows of", "rows", "within", "below", "above", "mean lower", "mean upper",
    "loss of lower", "loss of upper",
)  # fmt: skip


def number(value: float, digits: int) -> str:
    """The value with so many digits, a comma for each thousand."""
    return f"{value:,.{digits}f}"


def short(value: float, digits: int) -> str:
    """A number on an axis: no zeros at its end."""
    if abs(value) >= 10_000:
        return f"{value / 1000:,.0f}k"
    text = number(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """A share of 1 as a percentage."""
    return f"{share:.1%}"


def ceiling(value: float) -> float:
    """The least of 1, 2, 2.5 or 5 times a power of ten that is not below `value`."""
    power = 10.0 ** math.floor(math.log10(max(value, 1e-9)))
    return next(d * power for d in (1, 2, 2.5, 5, 10) if d * power >= value)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers, evenly apart, from `low` or below to `high` or above.

    >>> ticks(0.72, 1.31)
    [0.6, 0.8, 1.0, 1.2, 1.4]
    """
    step = ceiling(max(high - low, 0.01) / 4)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(i * step, 9) for i in range(first, max(last, first + 1) + 1)]


def scores_of(scores: Iterable[Scores]) -> list[Row]:
    """A row each: name and errors."""
    return [(s.name, *_errors(s)) for s in scores]


def parts(of: Iterable[Part]) -> list[Row]:
    """A row each, under PARTS."""
    return [
        (
            part.name,
            number(part.rows, 0),
            number(part.predicted, 3),
            number(part.actual, 3),
            *_errors(part),
        )
        for part in of
    ]


def _errors(scores: Scores) -> Row:
    return [number(value, 4) for value in (scores.rmse, scores.mae, scores.bias)]


def covered(of: Iterable[Coverage]) -> list[Row]:
    """A row each, under COVERED."""
    return [
        (
            one.name,
            number(one.rows, 0),
            *map(percent, (one.covered, one.below, one.above)),
            *(number(value, 2) for value in (one.lower, one.upper)),
            *(number(value, 4) for value in (one.lower_loss, one.upper_loss)),
        )
        for one in of
    ]


def importances(of: Iterable[Importance]) -> list[Row]:
    """A row each: feature, group, SHAP, share of the gain."""
    return [
        (one.feature, one.group, number(one.shap, 4), percent(one.gain)) for one in of
    ]


def numbers(rows: Iterable[tuple[str, Sequence[float]]], digits: int) -> list[Row]:
    """A row each: a label and its values."""
    return [(label, *(number(v, digits) for v in values)) for label, values in rows]


def square_share(categories: Sequence[CategoryPart], one: CategoryPart) -> float:
    """A category's share of all categories' squared error."""
    total = sum(part.rows * part.rmse**2 for part in categories)
    return one.rows * one.rmse**2 / total if total else 0.0


def month_words(months: Sequence[Month]) -> str:
    """In how many months the model was the best."""
    won = sum(m.model.rmse < min(b.rmse for b in m.baselines) for m in months)
    return (
        f"Each month was forecast from those before it, and the model had the least"
        f" error in {won} of {len(months)}. All but the last also chose its number of"
        f" trees."
    )


def total_words(months: Sequence[Month]) -> str:
    """How far the totals were off."""
    off = [m.predicted / m.actual - 1 for m in months if m.actual > 0]
    if not off:
        return "Nothing was sold in these months."
    return (
        f"Summed over a whole month, forecasts were off by {percent(min(off))} to"
        f" {percent(max(off))} of what was sold."
    )


def interval_words(figures: IntervalFigures) -> str:
    """How often intervals held, and what their losses are beside plainer ones."""
    one, plain = figures.model[-1], figures.one_a_decile[-1]
    return (
        f"An interval should hold for 8 of 10 rows. Of the rows {_whose(one)},"
        f" {percent(one.covered)} were within theirs; where hardly any pair sells, the"
        f" interval is 0 to 0 and holds more often. Pinball losses there are"
        f" {number(one.lower_loss, 4)} (lower) and {number(one.upper_loss, 4)} (upper);"
        f" with one interval a tenth they would be {number(plain.lower_loss, 4)} and"
        f" {number(plain.upper_loss, 4)}."
    )


def _whose(one: Coverage) -> str:
    return "in all" if one.name == "all" else one.name


def listed_words(found: Sequence[Part]) -> str:
    """What the pairs that are not listed do to a total."""
    told = "; ".join(
        f"on {number(part.rows, 0)} pairs that are {part.name}"
        f" {number(part.rows * part.predicted, 0)} units were forecast and"
        f" {number(part.rows * part.actual, 0)} sold"
        for part in found
    )
    return (
        "A forecast supposes that the item is on sale, and what is not listed mostly is"
        f" not. In the month held out, {told}."
    )


def write(report: Report, folder: Path) -> None:
    """Write the report into a build's folder: the figures as JSON, and the page."""
    (folder / REPORT_FIGURES).parent.mkdir()
    content = msgspec.json.format(msgspec.json.encode(report), indent=2)
    (folder / REPORT_FIGURES).write_bytes(content + b"\n")
    (folder / REPORT_PAGE).write_text(render(report), encoding="utf-8")


def render(report: Report) -> str:
    """The page, HTML."""
    return _template().render(report=report)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    helpers = (
        number, short, percent, ceiling, ticks, scores_of, parts, covered,
        importances, numbers, square_share, month_words, total_words, interval_words,
        listed_words, zip,
    )  # fmt: skip
    environment.globals |= {helper.__name__: helper for helper in helpers}
    environment.globals |= {"PARTS": PARTS, "COVERED": COVERED}
    return environment.get_template("report.html")
