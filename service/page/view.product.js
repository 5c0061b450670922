// A product in a shop: the forecast, what it rests on, and the pair's past.

import { address, go } from "./address.js";
import { get } from "./api.js";
import { columnChart } from "./chart.js";
import { itemChooser, shopChooser } from "./choosers.js";
import { make } from "./dom.js";
import * as facts from "./facts.js";
import { latest } from "./latest.js";
import { problemBox } from "./problems.js";
import { reasonsFigure } from "./reasons.js";
import { table } from "./table.js";
import { whatIf } from "./whatif.js";
import {
  exact, forecast, isMost, monthAfter, monthNames, number, range, shortMonth, t,
} from "./words.js";

/** Build the view in `container`; the function that shows other ids. */
export function mount(container) {
  let query = {};
  const choose = (field) => (id) => go("product", { ...query, [field]: id });
  const shops = shopChooser(choose("shop"));
  const items = itemChooser(choose("item"));
  const title = make("div");
  const headline = make("p", { class: "headline", role: "status" });
  const details = make("div", { class: "answer" });
  container.append(
    make("div", { class: "choosers" }, shops.element, items.element),
    title,
    headline,
    details,
  );
  const run = latest();

  async function load(signal) {
    const { shop, item } = query;
    if (!shop || !item) return showPart(signal);
    const pair = { shop_id: shop, item_id: item };
    const [answer, told] = await Promise.all([
      get(pairPath(shop, item), {}, signal),
      get("/v1/predict", { ...pair, explain: true }, signal),
    ]);
    if (signal.aborted) return;
    nameBoth(answer.shop.name, answer.item.name);
    title.replaceChildren(...titleOf(answer));
    headline.replaceChildren(...headlineOf(answer));
    details.replaceChildren(...detailsOf(answer, told.explain));
  }

  async function showPart(signal) {
    const { shop, item } = query;
    await facts.model(); // fails where a key is needed, before one types in vain
    const shopName = shop ? (await facts.shop(shop)).name : "";
    const itemName = item ? (await facts.item(item)).name : "";
    if (signal.aborted) return;
    nameBoth(shopName, itemName);
    title.replaceChildren();
    headline.replaceChildren(make("span", { class: "quiet" }, t("product.choose")));
    details.replaceChildren();
  }

  function nameBoth(shopName, itemName) {
    shops.set(shopName);
    items.set(itemName);
  }

  function fail(error) {
    title.replaceChildren();
    headline.replaceChildren();
    details.replaceChildren(problemBox(error, () => run(load, fail)));
  }

  return function update(asked) {
    query = asked;
    return run(load, fail);
  };
}

function pairPath(shop, item) {
  return `/v1/shops/${encodeURIComponent(shop)}/items/${encodeURIComponent(item)}`;
}

function titleOf({ shop, item }) {
  const everywhere = address("item", { item: item.item_id });
  const month = address("shop", { shop: shop.shop_id, category: item.category_id });
  return [
    make("h2", {}, item.name),
    make("p", { class: "quiet" }, `${shop.name} · ${item.category}`),
    make("p", { class: "links" },
      make("a", { href: everywhere }, t("product.everywhere")),
      make("a", { href: month }, t("product.category"))),
  ];
}

function headlineOf({ prediction, month, interval }) {
  const most = isMost(prediction);
  const within = interval.upper && !most ? `, ${range(interval)}` : "";
  const more = most ? t("forecast.most.means") : t("exact", { number: exact(prediction) });
  return [
    make("strong", {}, forecast(prediction)),
    ` ${t("month.in", monthNames(month))}${within} `,
    make("small", {}, more),
  ];
}

function detailsOf(answer, reasons) {
  const pair = { shop_id: answer.shop.shop_id, item_id: answer.item.item_id };
  const unlisted = make("p", { class: "note" }, t("unlisted", monthNames(answer.month)));
  return [
    ...(answer.listed ? [] : [unlisted]),
    factList(answer),
    historyFigure(answer),
    reasonsFigure(reasons),
    whatIf(pair),
  ];
}

function factList(answer) {
  const { month } = answer;
  return make("dl", { class: "facts" },
    fact(t("last.month", monthNames(monthAfter(month, -1))), sold(answer.last_month)),
    fact(t("last.year", monthNames(monthAfter(month, -12))),
      sold(answer.same_month_last_year)),
    fact(t("basis"), t(`basis.${answer.basis}`)),
    fact(t("range"), range(answer.interval), t("range.means")),
  );
}

function fact(name, value, more = null) {
  return make("div", {},
    make("dt", {}, name),
    make("dd", {}, value, more && make("small", {}, ` ${more}`)));
}

function sold(units) {
  return units === null ? t("nothing") : t("units", { count: units });
}

function historyFigure(answer) {
  const names = monthNames(answer.month);
  const points = [...answer.history.map(pastPoint), forecastPoint(answer)];
  const summary = t("history.summary", {
    months: answer.history.length,
    ...names,
    number: number(answer.prediction, 2),
    range: range(answer.interval),
  });
  return make("figure", {},
    make("figcaption", {}, t("history.title")),
    columnChart({ points, summary }),
    make("details", {},
      make("summary", {}, t("as.table")),
      historyTable(points)));
}

function pastPoint({ month, units }, index) {
  const label = index === 0 || month.endsWith("-01") ? shortMonth(month) : "";
  return { name: monthNames(month).month, value: units, label };
}

function forecastPoint({ month, prediction, interval }) {
  const name = t("forecast.of", monthNames(month));
  return { name, value: prediction, label: shortMonth(month), interval };
}

function historyTable(points) {
  const columns = [
    { key: "name", label: t("month"), cell: (point) => point.name },
    { key: "value", label: t("sold"), number: true, cell: (p) => number(p.value, 2) },
    { key: "range", label: t("range"), cell: (p) => p.interval && range(p.interval) },
  ];
  return table({ caption: t("history.title"), columns, rows: points.toReversed() });
}
