// The frame around the views: address, language, banner of the demo, new builds.

import { address, readAddress } from "./address.js";
import { watchBuild } from "./api.js";
import { make } from "./dom.js";
import * as facts from "./facts.js";
import { keep, monthNames, otherLanguage, preferred, speak, t } from "./words.js";

// What each view's address may carry on to another.
const VIEWS = {
  product: ["shop", "item"],
  shop: ["shop"],
  item: ["item"],
  list: [],
  model: [],
};
const FIRST = "product";
// ms: the processes of the service do not take up a new build at the same moment.
const SETTLES = 2000;
const NAMES = { en: "English", ru: "Русский" };

const view = document.getElementById("view");
const notice = document.getElementById("notice");
let shown = { name: null, update: null };
let loadedBuild = null;
let settling = null;

/** What the address asks for; a view that there is. */
function asked() {
  const { name, query } = readAddress(location.hash);
  return { name: Object.hasOwn(VIEWS, name) ? name : FIRST, query };
}

async function showAddress() {
  const { name, query } = asked();
  showNavigation(name, query);
  document.title = `${t(`nav.${name}`)} · ${t("brand")}`;
  if (shown.name !== name) await mountView(name);
  shown.update?.(asked().query); // none yet where its code is still on its way
}

async function mountView(name) {
  const moved = shown.name !== null;
  const mine = { name, update: null };
  shown = mine;
  const { mount } = await import(`./view.${name}.js`);
  if (shown !== mine) return;
  view.replaceChildren(make("h1", {}, t(`nav.${name}`)));
  shown.update = mount(view);
  if (!moved) return;
  notice.replaceChildren();
  view.focus({ preventScroll: true });
}

function showNavigation(current, query) {
  const links = Object.entries(VIEWS).map(([name, carried]) => {
    const kept = Object.fromEntries(carried.map((field) => [field, query[field]]));
    const page = name === current ? "page" : null;
    const href = address(name, kept);
    return make("a", { href, "aria-current": page }, t(`nav.${name}`));
  });
  document.getElementById("views").replaceChildren(...links);
}

function showFrame() {
  for (const node of document.querySelectorAll("[data-text]")) {
    node.textContent = t(node.dataset.text);
  }
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", t(node.dataset.label));
  }
  const other = otherLanguage();
  const button = document.getElementById("language");
  button.textContent = NAMES[other];
  button.lang = other;
}

async function changeLanguage() {
  const chosen = otherLanguage();
  keep(chosen);
  await speak(chosen);
  showFrame();
  refresh();
}

/** Draw the current view anew. */
function refresh() {
  shown = { name: null, update: null };
  showAddress();
}

/** Load the facts of the build that is served; what fails, its view tells of. */
async function loadFacts() {
  try {
    const model = await facts.model();
    loadedBuild = model.version;
    document.getElementById("demo").hidden = !model.demo;
    return model;
  } catch {
    return null;
  }
}

/** Look at the build of an answer; another than before is told of, once settled. */
function noteBuild(build) {
  if (loadedBuild === null) loadFacts();
  else if (build !== loadedBuild) settling ??= setTimeout(takeNewBuild, SETTLES);
}

async function takeNewBuild() {
  const before = loadedBuild;
  settling = null;
  facts.forget();
  const model = await loadFacts();
  if (model && model.version !== before) tellOfBuild(model);
}

function tellOfBuild({ version, month }) {
  const text = t("changed", { build: version, ...monthNames(month) });
  notice.replaceChildren(make("span", { class: "changed" }, text));
  if (shown.name !== "list") refresh(); // a list that is running sees to itself
}

async function start() {
  import(`./view.${asked().name}.js`); // the view comes while the strings do
  const factsLoaded = loadFacts();
  await speak(preferred());
  showFrame();
  document.getElementById("language").addEventListener("click", changeLanguage);
  document.getElementById("skip").addEventListener("click", () => view.focus());
  window.addEventListener("hashchange", showAddress);
  watchBuild(noteBuild);
  await Promise.all([factsLoaded, showAddress()]);
}

start();
