// Shows what went wrong, in words, with what the reader can do about it.

import { keepKey } from "./api.js";
import { make } from "./dom.js";
import { t } from "./words.js";

/** A box that tells of an ApiError; `retry` is called when the reader asks. */
export function problemBox(error, retry) {
  if (typeof error.status !== "number") throw error; // a fault of the page itself
  const detail = error.status && error.status !== 404 ? error.message : "";
  return make(
    "div",
    { class: "problem", role: "alert" },
    make("p", {}, sentence(error)),
    detail ? make("p", { class: "quiet" }, t("problem.said", { detail })) : null,
    error.status === 401 ? keyForm(retry) : retryButton(error, retry),
  );
}

function sentence(error) {
  if (error.status === 404) return unknownIds(error);
  const known = [0, 401, 413, 503];
  if (known.includes(error.status)) return t(`problem.${error.status}`);
  return t("problem.other", { status: String(error.status) });
}

function unknownIds(error) {
  const pointers = error.faults.map((fault) => fault.pointer);
  const shop = pointers.includes("/shop_id");
  const item = pointers.includes("/item_id");
  if (shop && item) return t("problem.both");
  if (shop) return t("problem.shop");
  return item ? t("problem.item") : error.message;
}

function retryButton(error, retry) {
  if (error.status >= 400 && error.status < 500) return null;
  return make("button", { type: "button", onclick: retry }, t("problem.retry"));
}

function keyForm(retry) {
  const input = make("input", {
    id: "key",
    type: "password",
    autocomplete: "current-password",
    required: true,
  });
  const use = (event) => {
    event.preventDefault();
    keepKey(input.value.trim());
    retry();
  };
  return make(
    "form",
    { class: "row", onsubmit: use },
    make("label", {}, t("problem.key"), input),
    make("button", {}, t("problem.use")),
  );
}
