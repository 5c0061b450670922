// A text field with a list that filters as you type (the ARIA combobox pattern).

import { make } from "./dom.js";
import { t } from "./words.js";

const PATIENCE = 120; // ms after the last key
let made = 0;

/**
 * A labelled combobox: {element, set(text)}.
 *
 * `find(text, signal)` gives {total, options: [{id, name, more}]}; `chosen(option)`
 * is called with the one that the reader takes.
 */
export function combobox({ label, hint, find, chosen }) {
  made += 1;
  const list = make("ul", { id: `list-${made}`, role: "listbox", "aria-label": label });
  const input = make("input", {
    id: `field-${made}`,
    type: "text",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: hint,
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
  });
  const count = make("span", { class: "spoken", role: "status" });
  const element = make(
    "div",
    { class: "combobox" },
    make("label", { for: input.id }, label),
    input,
    list,
    count,
  );
  const state = { options: [], at: -1, taken: "", timer: 0, asking: null };
  list.hidden = true;

  function show(found) {
    state.options = found.options;
    list.replaceChildren(...found.options.map(optionNode));
    if (!found.options.length) list.append(nothingNode());
    count.textContent = t("found", { count: found.total });
    open(true);
    move(found.options.length ? 0 : -1);
  }

  function optionNode(option, index) {
    return make(
      "li",
      { id: `${list.id}-${index}`, role: "option", onclick: () => take(index) },
      make("span", {}, option.name),
      make("small", {}, option.more),
    );
  }

  function nothingNode() {
    return make("li", { class: "quiet", role: "option", "aria-disabled": "true" },
      t("found", { count: 0 }));
  }

  function open(yes) {
    list.hidden = !yes;
    input.setAttribute("aria-expanded", String(yes));
    if (!yes) move(-1);
  }

  function move(to) {
    list.children[state.at]?.setAttribute("aria-selected", "false");
    state.at = to;
    const node = to < 0 ? null : list.children[to];
    if (node === null) return input.removeAttribute("aria-activedescendant");
    node.setAttribute("aria-selected", "true");
    node.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", node.id);
  }

  function take(index) {
    const option = state.options[index];
    set(option.name);
    close();
    chosen(option);
  }

  function set(text) {
    state.taken = text;
    input.value = text;
  }

  function close() {
    clearTimeout(state.timer);
    state.asking?.abort();
    open(false);
  }

  function search(text, wait) {
    clearTimeout(state.timer);
    state.asking?.abort();
    const asking = new AbortController();
    state.asking = asking;
    state.timer = setTimeout(async () => {
      try {
        const found = await find(text, asking.signal);
        if (!asking.signal.aborted) show(found);
      } catch (error) {
        if (error.name !== "AbortError") showFailure();
      }
    }, wait);
  }

  function showFailure() {
    state.options = [];
    list.replaceChildren(make("li", { role: "option", "aria-disabled": "true" },
      t("found.failed")));
    count.textContent = t("found.failed");
    open(true);
  }

  function step(by) {
    if (list.hidden) return search(input.value === state.taken ? "" : input.value, 0);
    const length = state.options.length;
    if (length) move((state.at + by + length) % length);
  }

  const keys = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Enter: () => (state.at >= 0 ? take(state.at) : step(1)),
    Escape: () => {
      if (list.hidden) set("");
      close();
    },
  };

  input.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.isComposing) return;
    event.preventDefault();
    act();
  });
  input.addEventListener("input", () => search(input.value, PATIENCE));
  input.addEventListener("click", () => {
    input.select();
    if (list.hidden) step(1);
  });
  input.addEventListener("blur", () => {
    close();
    input.value = state.taken;
  });
  // Without this a click on an option would first blur the field and close the list.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  return { element, set };
}
