// A list of mine: pairs from a pasted or dropped CSV, forecast in batches.

import { address } from "./address.js";
import { post } from "./api.js";
import { fileStream, readPairs, saveCsv } from "./csv.js";
import { make } from "./dom.js";
import * as facts from "./facts.js";
import { latest } from "./latest.js";
import { problemBox } from "./problems.js";
import { table } from "./table.js";
import { forecastNumber, monthNames, number, t, total } from "./words.js";

const BATCH = 10_000; // pairs in one request
const SCREEN = 200; // rows shown at first, and at each "more"
const LINES = 50; // line numbers named

/** A file or a text that could not be read at all. */
class Unreadable extends Error {}

/** Build the view in `container`; it has no parameters. */
export function mount(container) {
  const status = make("p", { class: "headline", role: "status" });
  const progress = make("div", { class: "progress" });
  const result = make("div", { class: "result" });
  const run = latest();
  container.append(
    make("p", {}, t("list.intro")),
    inputForm(start),
    progress,
    status,
    result,
  );

  function start(stream) {
    let list = null;
    const work = async (signal) => {
      list ??= await read(stream, signal);
      const answer = await forecast(list.pairs, signal, advance);
      const names = await shopNames();
      signal.throwIfAborted();
      progress.replaceChildren();
      status.replaceChildren(...headlineOf(answer));
      result.replaceChildren(...resultOf(answer, list.bad, names));
    };
    const failed = (error) => fail(error, () => run(work, failed));
    run(work, failed);
  }

  async function read(stream, signal) {
    result.replaceChildren();
    progress.replaceChildren();
    status.textContent = t("list.reading");
    const list = await readList(stream);
    signal.throwIfAborted();
    return list;
  }

  function advance(done, total) {
    status.textContent = "";
    progress.replaceChildren(
      make("progress", { max: total, value: done, "aria-label": t("list.progress") }),
      make("span", {}, t("list.done", { done, total })),
      make("button", { type: "button", onclick: stop }, t("list.stop")),
    );
  }

  function stop() {
    run(() => {
      progress.replaceChildren();
      status.textContent = t("list.stopped");
    });
  }

  function fail(error, retry) {
    progress.replaceChildren();
    status.replaceChildren();
    const box = error instanceof Unreadable ? unreadableBox() : problemBox(error, retry);
    result.replaceChildren(box);
  }

  return function update() {};
}

function inputForm(start) {
  const text = make("textarea", {
    id: "pasted",
    rows: "5",
    spellcheck: "false",
    placeholder: "shop_id,item_id\n24,6676\n…",
  });
  const file = make("input", {
    id: "file",
    type: "file",
    accept: ".csv,.gz,.tsv,.txt",
    onchange: () => {
      start(fileStream(file.files[0]));
      file.value = ""; // so that the same file can be chosen again
    },
  });
  const paste = (event) => {
    event.preventDefault();
    start(new Blob([text.value]).stream());
  };
  const form = make(
    "form",
    { class: "drop", onsubmit: paste },
    make("div", {}, make("label", { for: "pasted" }, t("list.paste")), text),
    make("div", { class: "row" },
      make("button", {}, t("list.go")),
      make("div", {}, make("label", { for: "file" }, t("list.file")), file)),
  );
  return droppable(form, (dropped) => start(fileStream(dropped)));
}

/** Let files be dropped on `node`. */
function droppable(node, take) {
  const over = (event) => {
    event.preventDefault();
    node.classList.toggle("over", event.type === "dragover");
  };
  node.addEventListener("dragover", over);
  node.addEventListener("dragleave", over);
  node.addEventListener("drop", (event) => {
    over(event);
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
  return node;
}

async function readList(stream) {
  const list = { pairs: [], bad: [] };
  try {
    await readPairs(stream, (pair) => list.pairs.push(pair), (line) => list.bad.push(line));
  } catch (error) {
    throw new Unreadable("", { cause: error });
  }
  return list;
}

/** The answer to all pairs, in batches; `advance(done, total)` is told of each. */
async function forecast(pairs, signal, advance) {
  const answer = { rows: [], month: null, model: null };
  for (let at = 0; at < pairs.length; at += BATCH) {
    advance(at, pairs.length);
    const batch = pairs.slice(at, at + BATCH);
    const asked = batch.map(({ shop_id, item_id }) => ({ shop_id, item_id }));
    const { predictions, month, model } = await post("/v1/predict", asked, signal);
    // Another build is served since the last batch: one list, one build.
    if (answer.model && answer.model !== model) return forecast(pairs, signal, advance);
    Object.assign(answer, { month, model });
    predictions.forEach((row, i) => answer.rows.push({ ...batch[i], ...row }));
  }
  return answer;
}

async function shopNames() {
  return new Map((await facts.shops()).map((shop) => [shop.shop_id, shop.name]));
}

function unreadableBox() {
  return make("p", { class: "problem", role: "alert" }, t("list.unreadable"));
}

function headlineOf({ rows, month }) {
  if (!rows.length) return [t("list.empty")];
  const listed = rows.filter((row) => row.listed);
  const units = listed.reduce((sum, row) => sum + row.prediction, 0);
  return [
    make("strong", {}, total(units, listed)),
    ` ${t("month.in", monthNames(month))} `,
    make("small", {}, t("over.listed", { count: listed.length })),
  ];
}

function resultOf(answer, bad, names) {
  const unknown = answer.rows.filter((row) => row.prediction === null);
  if (!answer.rows.length) return bad.length ? [badLines(bad)] : [];
  const counts = countList(answer, unknown, bad);
  return [counts, ...rowsOf(answer, unknown, names)];
}

function countList({ rows, month }, unknown, bad) {
  const unlisted = rows.filter((row) => row.prediction !== null && !row.listed);
  const facts = [
    [t("list.rows"), rows.length, ""],
    [t("list.unlisted", monthNames(month)), unlisted.length, ""],
    [t("list.unknown"), unknown.length, lineNumbers(unknown.map((row) => row.line))],
    [t("list.bad"), bad.length, lineNumbers(bad)],
  ];
  return make("dl", { class: "facts" }, facts.map(([name, count, more]) =>
    make("div", {}, make("dt", {}, name),
      make("dd", {}, number(count), more && make("small", {}, ` ${more}`)))));
}

function badLines(bad) {
  return make("p", { class: "note" }, `${t("list.bad")}: ${lineNumbers(bad)}`);
}

function lineNumbers(lines) {
  if (!lines.length) return "";
  const shown = lines.slice(0, LINES).join(", ");
  const named = t("list.lines", { count: lines.length, lines: shown });
  const more = lines.length - LINES;
  return more > 0 ? `${named} ${t("list.lines.more", { count: more })}` : named;
}

/** The rows as a table, some at a time, with what can be done with them. */
function rowsOf(answer, unknown, names) {
  const holder = make("div");
  const columns = columnsOf(answer, names);
  const caption = t("list.caption", monthNames(answer.month));
  let chosen = answer.rows;
  let screens = 1;
  function show() {
    const rows = chosen.slice(0, SCREEN * screens);
    const more = rows.length < chosen.length ? moreButton(rows.length) : null;
    holder.replaceChildren(...[table({ caption, columns, rows }), more].filter(Boolean));
  }
  function moreButton(seen) {
    const click = () => {
      screens += 1;
      show();
      holder.querySelector(".more button")?.focus();
    };
    return make("p", { class: "more" },
      t("rows.shown", { seen, total: chosen.length }), " ",
      make("button", { type: "button", onclick: click }, t("rows.more")));
  }
  const only = make("input", {
    type: "checkbox",
    onchange: () => {
      chosen = only.checked ? unknown : answer.rows;
      screens = 1;
      show();
    },
  });
  const save = () => saveRows(answer, names);
  const actions = make("div", { class: "actions" },
    make("button", { type: "button", onclick: save }, t("download")),
    unknown.length ? make("label", { class: "check" }, only, t("list.only")) : null);
  show();
  return [actions, holder];
}

function saveRows({ rows, month, model }, names) {
  const ids = hasIds(rows) ? ["ID"] : [];
  const header = [...ids, "shop_id", "shop", "item_id", "prediction", "basis", "listed"];
  const values = (row) => [
    ...(ids.length ? [row.id] : []),
    row.shop_id,
    names.get(row.shop_id) ?? "",
    row.item_id,
    row.prediction,
    row.basis,
    String(row.listed),
  ];
  return saveCsv(`list-${month}-${model.slice(-8)}.csv`, header, rows, values);
}

function hasIds(rows) {
  return rows.some((row) => row.id !== null);
}

function columnsOf(answer, names) {
  const product = (row) => address("product", { shop: row.shop_id, item: row.item_id });
  const known = (row) => row.prediction !== null;
  const id = { key: "id", label: "ID", number: true, wide: true, cell: (row) => row.id };
  return [
    {
      key: "shop",
      label: t("shop"),
      cell: (row) => names.get(row.shop_id) ?? String(row.shop_id),
    },
    {
      key: "item",
      label: t("item"),
      number: true,
      cell: (row) =>
        known(row) ? make("a", { href: product(row) }, row.item_id) : row.item_id,
    },
    {
      key: "prediction",
      label: t("forecast"),
      number: true,
      cell: (row) => (known(row) ? forecastNumber(row.prediction) : null),
    },
    { key: "basis", label: t("basis.column"), cell: restsOn },
    { key: "line", label: t("line"), number: true, wide: true, cell: (row) => row.line },
    ...(hasIds(answer.rows) ? [id] : []),
  ];
}

function restsOn(row) {
  const basis = t(`basis.${row.basis}.short`);
  return row.prediction === null || row.listed ? basis : `${basis} · ${t("unlisted.short")}`;
}
