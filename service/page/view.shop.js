// A shop's month: what it will sell most, by category, to sort and to download.

import { address, go } from "./address.js";
import { get } from "./api.js";
import { shopChooser } from "./choosers.js";
import { basisColumn, forecastColumn, pastColumns } from "./columns.js";
import { saveCsv } from "./csv.js";
import { make } from "./dom.js";
import * as facts from "./facts.js";
import { latest } from "./latest.js";
import { problemBox } from "./problems.js";
import { showTable, sorted, table } from "./table.js";
import { monthNames, number, t, total } from "./words.js";

const SCREEN = 100; // rows shown at first, and at each "more"
const PAGE = 1000; // rows asked for at once
const ORDER = "-prediction";

/** Build the view in `container`; the function that shows another shop. */
export function mount(container) {
  let query = {};
  let list = null; // the rows of one shop and category, as far as they have come
  let screens = 1;
  const change = (part) => go("shop", { ...query, ...part });
  const shops = shopChooser((id) => change({ shop: id }));
  const category = make("select", {
    id: "category",
    onchange: () => change({ category: category.value }),
  });
  const status = make("p", { class: "headline", role: "status" });
  const rows = make("div");
  container.append(
    make("div", { class: "choosers" },
      shops.element,
      make("div", {}, make("label", { for: "category" }, t("category")), category)),
    status,
    rows,
  );
  const run = latest();

  async function load(signal) {
    await fillCategories();
    if (!query.shop) return showNothing();
    const wanted = `${query.shop} ${query.category ?? ""}`;
    if (list?.wanted !== wanted) {
      list = { wanted, ...(await firstRows(query, signal)) };
      screens = 1;
    }
    if (signal.aborted) return;
    shops.set(list.shop.name);
    show();
    await restOfRows(list, query, signal);
    if (!signal.aborted) show();
  }

  async function fillCategories() {
    if (!category.length) {
      const named = await facts.categories();
      const options = named.map((c) => make("option", { value: c.category_id }, c.name));
      category.replaceChildren(make("option", { value: "" }, t("category.all")), ...options);
    }
    category.value = query.category ?? "";
  }

  function showNothing() {
    list = null;
    shops.set("");
    status.replaceChildren(make("span", { class: "quiet" }, t("shop.choose")));
    rows.replaceChildren();
  }

  function show() {
    status.replaceChildren(...headlineOf(list));
    const sort = query.sort ?? ORDER;
    const ready = isWhole(list) || sort === ORDER;
    showTable(rows, ready ? parts(sort) : [make("p", {}, t("loading"))]);
  }

  function parts(sort) {
    if (!list.listed) return [make("p", { class: "note" }, t("shop.empty", names(list)))];
    const columns = columnsOf(list);
    const ordered = sorted(list.rows, columns, sort);
    const seen = ordered.slice(0, SCREEN * screens);
    const caption = t("shop.caption", { shop: list.shop.name, ...names(list) });
    const reorder = (next) => change({ sort: next === ORDER ? "" : next });
    return [
      make("div", { class: "actions" }, saveButton(ordered)),
      table({ caption, columns, rows: seen, foot: footOf(list), sort, reorder }),
      moreButton(seen.length, list.listed),
    ].filter(Boolean);
  }

  function saveButton(ordered) {
    const name = `shop-${list.shop.shop_id}-${list.month}.csv`;
    const save = () => saveCsv(name, HEADER, ordered, csvRow);
    const disabled = !isWhole(list);
    return make("button", { type: "button", disabled, onclick: save }, t("download"));
  }

  function moreButton(seen, total) {
    if (seen >= total) return null;
    const more = () => {
      screens += 1;
      show();
      rows.querySelector(".more button")?.focus();
    };
    return make("p", { class: "more" },
      t("rows.shown", { seen, total }), " ",
      make("button", { type: "button", onclick: more }, t("rows.more")));
  }

  function fail(error) {
    list = null;
    status.replaceChildren();
    rows.replaceChildren(problemBox(error, () => run(load, fail)));
  }

  return function update(asked) {
    query = asked;
    return run(load, fail);
  };
}

const HEADER = [
  "item_id",
  "name",
  "category",
  "prediction",
  "basis",
  "last_month",
  "same_month_last_year",
];

function csvRow(row) {
  return HEADER.map((field) => row[field]);
}

function topPath(query) {
  return `/v1/shops/${encodeURIComponent(query.shop)}/top`;
}

async function firstRows(query, signal) {
  const asked = { category: query.category ?? null, limit: SCREEN };
  const { items, ...about } = await get(topPath(query), asked, signal);
  return { ...about, rows: items };
}

/** Fetch what is missing of a list, page after page. */
async function restOfRows(list, query, signal) {
  while (!isWhole(list)) {
    const offset = list.rows.length;
    const asked = { category: query.category ?? null, limit: PAGE, offset };
    const answer = await get(topPath(query), asked, signal);
    if (answer.model !== list.model || !answer.items.length) return;
    list.rows.push(...answer.items);
  }
}

function isWhole(list) {
  return list.rows.length >= list.listed;
}

function names(list) {
  return monthNames(list.month);
}

function headlineOf(list) {
  if (!list.listed) return [];
  return [
    make("strong", {}, total(list.units, list.rows)),
    ` ${t("month.in", names(list))} `,
    make("small", {}, t("over.items", { count: list.listed })),
  ];
}

function columnsOf(list) {
  const most = Math.max(...list.rows.map((row) => row.prediction));
  const product = (row) => address("product", { shop: list.shop.shop_id, item: row.item_id });
  return [
    {
      key: "name",
      label: t("item"),
      value: (row) => row.name,
      cell: (row) => make("a", { href: product(row) }, row.name),
    },
    {
      key: "category",
      label: t("category"),
      wide: true,
      value: (row) => row.category,
      cell: (row) => row.category,
    },
    forecastColumn(most),
    ...pastColumns(),
    basisColumn(),
  ];
}

function footOf(list) {
  const sum = (key) => {
    const values = list.rows.map((row) => row[key]).filter((value) => value !== null);
    return values.length ? number(values.reduce((a, b) => a + b, 0)) : t("nothing");
  };
  const foot = { name: t("total"), prediction: number(list.units) };
  if (!isWhole(list)) return foot;
  return { ...foot, last_month: sum("last_month"),
    same_month_last_year: sum("same_month_last_year") };
}
