// CSV in and out: pairs of ids read line by line, tables written for a spreadsheet.

import { t } from "./words.js";

const LARGEST = 2 ** 31 - 1;
const PIECE = 5000; // rows written at once
const FIELDS = { shop: "shop_id", item: "item_id", id: "id" };

/**
 * Read pairs from a stream of bytes, in pieces between which the page stays alive.
 *
 * `pair({line, id, shop_id, item_id})` is called for each good line, `bad(line)` for
 * each other; `id` is null without an ID column. A first line without numbers names the
 * columns; else the last two columns are shop and item, and one before them the ID.
 */
export async function readPairs(stream, pair, bad) {
  let number = 0;
  let read = null;
  const take = (line) => {
    number += 1;
    if (!line.trim()) return;
    const values = split(line, read?.separator ?? separatorOf(line));
    if (read === null) {
      read = { separator: separatorOf(line), ...columnsOf(values) };
      if (read.named) return;
    }
    const ids = [values[read.shop], values[read.item]].map(readId);
    if (ids.includes(null)) bad(number);
    else pair({ line: number, id: values[read.id] ?? null, shop_id: ids[0], item_id: ids[1] });
  };
  for await (const piece of linesByPiece(stream)) {
    piece.forEach(take);
    await breath();
  }
}

/** Lets the browser draw and answer the reader before it goes on. */
function breath() {
  return new Promise((resolve) => setTimeout(resolve));
}

function columnsOf(values) {
  return namedColumns(values) ?? plainColumns(values);
}

function namedColumns(values) {
  const names = values.map((value) => value.toLowerCase());
  if (names.every((name) => readId(name) !== null)) return null;
  const at = (field) => names.indexOf(FIELDS[field]);
  if (at("shop") < 0 || at("item") < 0) return null;
  return { shop: at("shop"), item: at("item"), id: at("id"), named: true };
}

function plainColumns(values) {
  const last = values.length - 1;
  return { shop: last - 1, item: last, id: last - 2, named: false };
}

function readId(text) {
  if (!/^\d{1,10}$/.test(text ?? "")) return null;
  return Number(text) <= LARGEST ? Number(text) : null;
}

async function* linesByPiece(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    yield lines;
  }
  yield [rest];
}

function separatorOf(line) {
  return ["\t", ";", ","].find((mark) => line.includes(mark)) ?? ",";
}

function split(line, separator) {
  if (!line.includes('"')) return line.split(separator).map((value) => value.trim());
  const values = [""];
  let quoted = false;
  for (const mark of line) {
    if (mark === '"') quoted = !quoted;
    else if (mark === separator && !quoted) values.push("");
    else values[values.length - 1] += mark;
  }
  return values.map((value) => value.trim());
}

/** The bytes of a file: unpacked where its name says that it is gzipped. */
export function fileStream(file) {
  const stream = file.stream();
  if (!file.name.endsWith(".gz")) return stream;
  return stream.pipeThrough(new DecompressionStream("gzip"));
}

/**
 * Let the browser save rows as a CSV file that spreadsheets open in the reader's
 * language: with a separator and a decimal mark that go together there.
 *
 * `values(row)` gives a row's numbers, texts and nulls, in the header's order.
 */
export async function saveCsv(name, header, rows, values) {
  const pieces = [csvLine(header)];
  for (let at = 0; at < rows.length; at += PIECE) {
    const piece = rows.slice(at, at + PIECE).map((row) => csvLine(values(row)));
    pieces.push(piece.join(""));
    await breath();
  }
  // Without the mark a spreadsheet takes UTF-8 for something else.
  save(name, new Blob(["\ufeff", ...pieces], { type: "text/csv;charset=utf-8" }));
}

function csvLine(values) {
  return `${values.map(csvCell).join(t("csv.separator"))}\r\n`;
}

function csvCell(value) {
  if (value === null) return "";
  if (typeof value === "number") return String(value).replace(".", t("csv.decimal"));
  // A spreadsheet would run a text that begins like a formula.
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
