// The two comboboxes of the page: a shop by its name, an item by a piece of its name.

import { get } from "./api.js";
import { combobox } from "./combobox.js";
import * as facts from "./facts.js";
import { t } from "./words.js";

const SHOWN = 30;

/** A combobox over all shops, filtered here. */
export function shopChooser(chosen) {
  return combobox({
    label: t("shop"),
    hint: t("shop.hint"),
    find: findShops,
    chosen: (option) => chosen(option.id),
  });
}

/** A combobox over all items, searched by the service. */
export function itemChooser(chosen) {
  return combobox({
    label: t("item"),
    hint: t("item.hint"),
    find: findItems,
    chosen: (option) => chosen(option.id),
  });
}

async function findShops(text) {
  const words = fold(text).split(/\s+/);
  const matches = (shop) => {
    const name = fold(`${shop.shop_id} ${shop.name}`);
    return words.every((word) => name.includes(word));
  };
  const found = (await facts.shops()).filter(matches);
  found.sort((a, b) => isId(b, text) - isId(a, text));
  return { total: found.length, options: found.map(shopOption) };
}

function isId(shop, text) {
  return Number(String(shop.shop_id) === text.trim());
}

function shopOption({ shop_id: id, name, listed }) {
  const closed = listed ? "" : ` · ${t("shop.closed")}`;
  return { id, name, more: `${id}${closed}` };
}

async function findItems(text, signal) {
  const found = await get("/v1/items", { q: text, limit: SHOWN }, signal);
  const options = found.items.map(({ item_id: id, name, category }) => {
    return { id, name, more: `${category} · ${id}` };
  });
  return { total: found.total, options };
}

function fold(text) {
  return text.toLowerCase().replaceAll("ё", "е").trim();
}
