// Says things in the reader's language: strings, plurals, numbers and months.

const LANGUAGES = ["en", "ru"];
const KEPT = "language";
const MOST_UNITS = 20; // more is not told apart

let language;
let strings;
let plurals;

/** The language that was chosen before, or else the browser's. */
export function preferred() {
  const asked = [localStorage.getItem(KEPT), ...navigator.languages];
  const short = asked.map((tag) => (tag ?? "").slice(0, 2).toLowerCase());
  return short.find((tag) => LANGUAGES.includes(tag)) ?? LANGUAGES[0];
}

/** Load a language's strings and use them from here on. */
export async function speak(chosen) {
  strings = (await import(`./strings.${chosen}.js`)).default;
  language = chosen;
  plurals = new Intl.PluralRules(chosen);
  document.documentElement.lang = chosen;
}

/** Keep a language for the next visits. */
export function keep(chosen) {
  localStorage.setItem(KEPT, chosen);
}

/** The language that is not spoken now. */
export function otherLanguage() {
  return LANGUAGES.find((tag) => tag !== language);
}

/** A string with its {places} filled; `count` chooses among plural forms. */
export function t(key, values = {}) {
  const found = strings[key];
  const text =
    typeof found === "string" ? found : found[plurals.select(values.count)];
  return text.replace(/\{(\w+)\}/g, (_, name) => shown(values[name]));
}

function shown(value) {
  return typeof value === "number" ? number(value) : value;
}

/** A number as it is read here, with at most (or exactly) so many decimals. */
export function number(value, most = 0, least = 0) {
  return new Intl.NumberFormat(language, {
    maximumFractionDigits: most,
    minimumFractionDigits: least,
  }).format(value);
}

/** Every digit that the service gave. */
export function exact(value) {
  return number(value, 9);
}

/** A share of one, as a whole percentage. */
export function percent(share) {
  return new Intl.NumberFormat(language, { style: "percent" }).format(share);
}

/** Whether a pair's forecast is the most that the model tells apart. */
export function isMost(units) {
  return units >= MOST_UNITS;
}

/** A pair's forecast in words: as `about`, or "20 units or more". */
export function forecast(units) {
  return isMost(units) ? t("forecast.most", { count: MOST_UNITS }) : about(units);
}

/** A pair's forecast as a table has it: "3.14", or "20+". */
export function forecastNumber(units) {
  if (!isMost(units)) return number(units, 2, 2);
  return t("forecast.most.short", { number: number(MOST_UNITS) });
}

/** What rows of forecasts sum to, in words; "or more" where one of them is. */
export function total(units, rows) {
  if (!rows.some((row) => isMost(row.prediction))) return about(units);
  return t("forecast.most", { count: Math.round(units) });
}

/** Units in words: "about 3 units", or "probably none (0.2)". */
export function about(units) {
  if (units < 0.5) return t("about.none", { exact: number(units, 1, 1) });
  return t("about.units", { count: Math.round(units) });
}

/** A likely range of units in words; units are whole, so it is widened to whole ones. */
export function range({ lower, upper }) {
  const [low, high] = [Math.floor(lower), Math.ceil(upper)];
  if (high >= MOST_UNITS) return t("range.open", { lower: low });
  return high ? t("range.between", { lower: low, upper: high }) : t("range.none");
}

/** "2015-11" as {month}, standing alone, and {monthIn}, as what follows "in". */
export function monthNames(name) {
  const [year, month] = name.split("-");
  const at = (list) => `${t(list).split(" ")[Number(month) - 1]} ${year}`;
  return { month: at("months"), monthIn: at("months.in") };
}

/** "2015-11" in a few letters, for an axis. */
export function shortMonth(name) {
  const [year, month] = name.split("-").map(Number);
  const format = new Intl.DateTimeFormat(language, { month: "short" });
  const letters = format.format(new Date(year, month - 1)).replace(".", "");
  return `${letters} ${year}`;
}

/** The month so many months after (or before) "2015-11". */
export function monthAfter(name, months) {
  const [year, month] = name.split("-").map(Number);
  const total = year * 12 + month - 1 + months;
  return `${Math.floor(total / 12)}-${String((total % 12) + 1).padStart(2, "0")}`;
}

/** A moment, by the reader's clock. */
export function moment(iso) {
  const format = { dateStyle: "long", timeStyle: "short" };
  return new Intl.DateTimeFormat(language, format).format(new Date(iso));
}

/** Text in alphabetical order. */
export function compareText(a, b) {
  return a.localeCompare(b, language);
}
