// A product everywhere: what every shop will sell of it, as bars and numbers.

import { address, go } from "./address.js";
import { get } from "./api.js";
import { itemChooser } from "./choosers.js";
import { basisColumn, forecastColumn, pastColumns } from "./columns.js";
import { saveCsv } from "./csv.js";
import { make } from "./dom.js";
import * as facts from "./facts.js";
import { latest } from "./latest.js";
import { problemBox } from "./problems.js";
import { showTable, sorted, table } from "./table.js";
import { monthNames, number, t, total } from "./words.js";

const ORDER = "-prediction";
const HEADER = [
  "shop_id",
  "name",
  "prediction",
  "basis",
  "listed",
  "last_month",
  "same_month_last_year",
];

/** Build the view in `container`; the function that shows another item. */
export function mount(container) {
  let query = {};
  let answer = null;
  const items = itemChooser((id) => go("item", { ...query, item: id }));
  const title = make("div");
  const status = make("p", { class: "headline", role: "status" });
  const rows = make("div");
  container.append(make("div", { class: "choosers" }, items.element), title, status, rows);
  const run = latest();

  async function load(signal) {
    await facts.model(); // fails where a key is needed, before one types in vain
    if (!query.item) return showNothing();
    if (String(answer?.item.item_id) !== query.item) {
      answer = await get(`/v1/items/${encodeURIComponent(query.item)}/shops`, {}, signal);
    }
    if (signal.aborted) return;
    items.set(answer.item.name);
    title.replaceChildren(make("h2", {}, answer.item.name),
      make("p", { class: "quiet" }, answer.item.category));
    status.replaceChildren(...headlineOf(answer));
    showTable(rows, parts(answer, query.sort ?? ORDER, reorder));
  }

  function reorder(next) {
    go("item", { ...query, sort: next === ORDER ? "" : next });
  }

  function showNothing() {
    answer = null;
    items.set("");
    title.replaceChildren();
    status.replaceChildren(make("span", { class: "quiet" }, t("item.choose")));
    rows.replaceChildren();
  }

  function fail(error) {
    answer = null;
    title.replaceChildren();
    status.replaceChildren();
    rows.replaceChildren(problemBox(error, () => run(load, fail)));
  }

  return function update(asked) {
    query = asked;
    return run(load, fail);
  };
}

function headlineOf(answer) {
  return [
    make("strong", {}, total(answer.units, answer.shops.filter((shop) => shop.listed))),
    ` ${t("month.in", monthNames(answer.month))} `,
    make("small", {}, t("over.shops", { count: answer.listed })),
  ];
}

function parts(answer, sort, reorder) {
  const columns = columnsOf(answer);
  // Shops that have it on their list come first: the total counts them alone.
  const ordered = [true, false].flatMap((listed) =>
    sorted(answer.shops.filter((shop) => shop.listed === listed), columns, sort));
  const caption = t("item.caption", { item: answer.item.name, ...monthNames(answer.month) });
  const foot = { name: t("total.listed"), prediction: number(answer.units, 2, 2) };
  const name = `item-${answer.item.item_id}-${answer.month}.csv`;
  const save = () => saveCsv(name, HEADER, ordered, csvRow);
  const button = make("button", { type: "button", onclick: save }, t("download"));
  return [
    make("div", { class: "actions" }, button),
    table({ caption, columns, rows: ordered, foot, sort, reorder }),
  ];
}

function csvRow(row) {
  return HEADER.map((field) => (field === "listed" ? String(row.listed) : row[field]));
}

function columnsOf(answer) {
  const most = Math.max(...answer.shops.map((shop) => shop.prediction));
  const product = (row) => address("product", { shop: row.shop_id, item: answer.item.item_id });
  return [
    {
      key: "name",
      label: t("shop"),
      value: (row) => row.name,
      cell: (row) => make("span", {},
        make("a", { href: product(row) }, row.name),
        row.listed ? null : make("small", { class: "tag" }, t("unlisted.short"))),
    },
    forecastColumn(most, (row) => !row.listed),
    ...pastColumns(),
    basisColumn(),
  ];
}
