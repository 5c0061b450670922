// Tables that sort: a button in each header, aria-sort, numbers in columns.

import { make } from "./dom.js";
import { compareText, t } from "./words.js";

/**
 * The rows in the order that `sort` names: a column's key, "-" before it for
 * the largest first. Rows without a value come last.
 */
export function sorted(rows, columns, sort) {
  const key = sort.replace(/^-/, "");
  const column = columns.find((one) => one.key === key) ?? columns[0];
  const sign = sort.startsWith("-") ? -1 : 1;
  return rows.toSorted((a, b) => compare(column.value(a), column.value(b), sign));
}

function compare(a, b, sign) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return sign * (typeof a === "string" ? compareText(a, b) : a - b);
}

/**
 * A table on a sheet of its own.
 *
 * A column is {key, label, value(row), cell(row), number, wide}: `value` sorts, `cell`
 * is what is shown, `wide` columns are left out on narrow screens. The first column
 * heads its row. `sort` marks the order that the rows are in; `reorder(sort)` is
 * called when a header asks for another. Neither is given for a table as it is.
 */
export function table({ caption, columns, rows, foot = null, sort = "", reorder = null }) {
  const heads = columns.map((column) => headCell(column, sort, reorder));
  const body = rows.map((row) => make("tr", {}, columns.map((c, i) => cell(c, row, i))));
  return make(
    "div",
    { class: "sheet" },
    make(
      "table",
      {},
      make("caption", { class: "spoken" }, caption),
      make("thead", {}, make("tr", {}, heads)),
      make("tbody", {}, body),
      foot ? make("tfoot", {}, make("tr", {}, columns.map((c) => footCell(c, foot)))) : null,
    ),
  );
}

/** Show parts, a table among them, in `holder`; who sorts by key keeps the place. */
export function showTable(holder, parts) {
  const sorting = holder.querySelector("thead button:focus") !== null;
  holder.replaceChildren(...parts);
  if (sorting) holder.querySelector("[aria-sort] button")?.focus();
}

function headCell(column, sort, reorder) {
  const properties = { scope: "col", class: classes(column) };
  if (!reorder || !column.value) return make("th", properties, column.label);
  const at = sort.replace(/^-/, "") === column.key;
  const down = sort.startsWith("-");
  if (at) properties["aria-sort"] = down ? "descending" : "ascending";
  const next = at ? !down : column.number;
  const click = () => reorder(`${next ? "-" : ""}${column.key}`);
  return make("th", properties,
    make("button", { type: "button", onclick: click }, column.label));
}

function cell(column, row, index) {
  const properties = { class: classes(column) };
  if (index === 0) properties.scope = "row";
  return make(index === 0 ? "th" : "td", properties, column.cell(row) ?? t("nothing"));
}

function footCell(column, foot) {
  return make("td", { class: classes(column) }, foot[column.key] ?? "");
}

function classes(column) {
  const given = [column.number && "number", column.wide && "wide"].filter(Boolean);
  return given.join(" ") || null;
}
