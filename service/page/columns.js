// The columns that the tables of forecasts share.

import { bar } from "./chart.js";
import { make } from "./dom.js";
import { forecastNumber, number, t } from "./words.js";

/** The forecast with a bar of its share of `most`; faint where `faint(row)`. */
export function forecastColumn(most, faint = () => false) {
  return {
    key: "prediction",
    label: t("forecast"),
    number: true,
    value: (row) => row.prediction,
    cell: (row) => make("span", { class: faint(row) ? "barred faint" : "barred" },
      bar(row.prediction / most), make("span", {}, forecastNumber(row.prediction))),
  };
}

/** What was sold last month, and in the same month last year. */
export function pastColumns() {
  return [
    units("last_month", t("last.month.short")),
    units("same_month_last_year", t("last.year.short")),
  ];
}

function units(key, label) {
  const value = (row) => row[key];
  const cell = (row) => (row[key] === null ? null : number(row[key], 2));
  return { key, label, number: true, value, cell };
}

/** What the forecast rests on, in a word or two. */
export function basisColumn() {
  const words = (row) => t(`basis.${row.basis}.short`);
  return { key: "basis", label: t("basis.column"), wide: true, value: words, cell: words };
}
