// What the page knows of the build and the catalogue, asked once a build.

import { ApiError, get } from "./api.js";

let known = {};

/** The manifest of the build that is served. */
export function model() {
  return once("model", "/v1/model");
}

/** Every shop: {shop_id, name, listed}. */
export async function shops() {
  return (await once("shops", "/v1/shops")).shops;
}

/** Every category: {category_id, name}. */
export async function categories() {
  return (await once("categories", "/v1/categories")).categories;
}

/** One item of the catalogue, by id; an ApiError where there is none. */
export async function item(id) {
  const found = await get("/v1/items", { q: id, limit: 1 });
  const first = found.items[0];
  if (first && String(first.item_id) === id) return first;
  throw unknown("item_id");
}

/** One shop, by id; an ApiError where there is none. */
export async function shop(id) {
  const found = (await shops()).find((one) => String(one.shop_id) === id);
  if (found) return found;
  throw unknown("shop_id");
}

/** Forget everything: another build is served. */
export function forget() {
  known = {};
}

function unknown(field) {
  return new ApiError(404, { errors: [{ pointer: `/${field}` }] });
}

function once(name, path) {
  known[name] ??= get(path).catch((error) => {
    delete known[name];
    throw error;
  });
  return known[name];
}
