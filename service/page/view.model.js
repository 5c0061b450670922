// The model: which month and build are served, from what, and how good it was found.

import { make } from "./dom.js";
import * as facts from "./facts.js";
import { latest } from "./latest.js";
import { problemBox } from "./problems.js";
import { table } from "./table.js";
import { moment, monthNames, number, percent, t } from "./words.js";

/** Build the view in `container`; it has no parameters. */
export function mount(container) {
  const headline = make("p", { class: "headline", role: "status" });
  const details = make("div", { class: "result" });
  container.append(headline, details);
  const run = latest();

  async function load(signal) {
    const model = await facts.model();
    if (signal.aborted) return;
    headline.replaceChildren(...headlineOf(model));
    details.replaceChildren(...detailsOf(model));
  }

  function fail(error) {
    details.replaceChildren(problemBox(error, () => run(load, fail)));
  }

  return function update() {
    return run(load, fail);
  };
}

function headlineOf(model) {
  return [
    make("strong", {}, monthNames(model.month).month),
    ` ${t(model.demo ? "model.demo" : "model.real")} `,
    make("small", {}, t("model.build", { version: model.version })),
  ];
}

function detailsOf(model) {
  return [
    holdoutSection(model.training.holdout),
    factsSection(model),
    basisSection(model.store),
    ...(model.warnings.length ? [warningsSection(model.warnings)] : []),
  ];
}

function holdoutSection(holdout) {
  const { model, baselines } = holdout;
  const best = baselines.reduce((a, b) => (a.rmse <= b.rmse ? a : b));
  const names = monthNames(holdout.month);
  const columns = [
    { key: "name", label: t("model.by"), cell: nameOf },
    score("rmse", t("model.rmse")),
    score("mae", t("model.mae")),
    score("bias", t("model.bias")),
  ];
  return section(t("model.how"),
    make("p", {}, t("model.held", { ...names, rows: holdout.rows })),
    make("p", {}, t("model.off", { number: number(model.mae, 2) }), " ", biasWords(model.bias)),
    make("p", {}, besideBaseline(model, best)),
    ...withinRange(holdout.intervals),
    table({ caption: t("model.table", names), columns, rows: [model, ...baselines] }),
    make("p", { class: "quiet" }, t("model.terms")),
    make("p", { class: "links" }, make("a", { href: "/report" }, t("model.report"))));
}

/** How the likely ranges fared, over the pairs that were forecast to sell. */
function withinRange(intervals) {
  const large = intervals.find((coverage) => coverage.name !== "all");
  return large ? [make("p", {}, t("model.within", { share: percent(large.covered) }))] : [];
}

function nameOf({ name }) {
  const words = t(`baseline.${name}`);
  return name === "model" ? make("strong", {}, words) : words;
}

function biasWords(bias) {
  const size = number(Math.abs(bias), 3);
  return t(bias < 0 ? "model.low" : "model.high", { number: size });
}

function besideBaseline(model, best) {
  const name = t(`baseline.${best.name}`);
  const share = percent(Math.abs(1 - model.rmse / best.rmse));
  return t(model.rmse < best.rmse ? "model.better" : "model.worse", { name, share });
}

function score(key, label) {
  return { key, label, number: true, cell: (row) => number(row[key], 3, 3) };
}

function factsSection({ store, training, created }) {
  const from = monthNames(store.first_month).month;
  const to = monthNames(store.last_month).month;
  return section(t("model.made"),
    make("dl", { class: "facts" },
      fact(t("model.created"), moment(created)),
      fact(t("model.sales"), t("model.sales.rows", { count: store.daily_rows }),
        t("model.range", { from, to })),
      fact(t("model.pairs"), number(store.pairs), t("model.listed", { count: store.listed })),
      fact(t("model.trees"), number(training.rounds),
        t("model.trained", { count: training.rows }))));
}

function basisSection({ basis, pairs }) {
  const columns = [
    { key: "basis", label: t("basis"), cell: ([name]) => t(`basis.${name}`) },
    { key: "pairs", label: t("model.pairs"), number: true, cell: ([, n]) => number(n) },
    { key: "share", label: t("model.share"), number: true, cell: ([, n]) => percent(n / pairs) },
  ];
  const rows = ["pair", "item", "none"].map((name) => [name, basis[name] ?? 0]);
  return section(t("model.rest"), table({ caption: t("model.rest"), columns, rows }));
}

function warningsSection(warnings) {
  return section(t("model.warnings"),
    make("ul", { class: "plain", lang: "en" }, warnings.map((text) => make("li", {}, text))));
}

function section(title, ...children) {
  return make("section", {}, make("h2", {}, title), ...children);
}

function fact(name, value, more = null) {
  return make("div", {},
    make("dt", {}, name),
    make("dd", {}, value, more && make("small", {}, ` ${more}`)));
}
