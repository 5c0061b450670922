// Addresses of views: "#/shop?shop=24&category=12" names a view and what it shows.

/** The address of a view; parameters without a value are left out. */
export function address(name, query = {}) {
  const given = Object.entries(query).filter(([, value]) => (value ?? "") !== "");
  const search = given.length ? `?${new URLSearchParams(given)}` : "";
  return `#/${name}${search}`;
}

/** Show a view, as a new entry of the browser's history. */
export function go(name, query) {
  location.hash = address(name, query);
}

/** The view's name and parameters that an address holds. */
export function readAddress(hash) {
  const [name, search] = hash.replace(/^#\/?/, "").split("?");
  return { name, query: Object.fromEntries(new URLSearchParams(search)) };
}
