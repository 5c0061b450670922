// Asks the service, with the key where one is kept; a failure becomes an ApiError.

const KEY = "key";
let buildSeen = () => {};

/** What went wrong: `status` is 0 where no answer came. */
export class ApiError extends Error {
  constructor(status, problem = {}) {
    super(problem.detail ?? problem.title ?? "");
    this.status = status;
    this.faults = problem.errors ?? [];
  }
}

/** Call `listener` with the build of every answer that names one. */
export function watchBuild(listener) {
  buildSeen = listener;
}

/** Keep a key until the browser's tab is closed. */
export function keepKey(key) {
  sessionStorage.setItem(KEY, key);
}

export function get(path, query = {}, signal = null) {
  const given = Object.entries(query).filter(([, value]) => value !== null);
  const search = given.length ? `?${new URLSearchParams(given)}` : "";
  return ask(path + search, { signal });
}

export function post(path, body, signal = null) {
  const headers = { "Content-Type": "application/json" };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

async function ask(address, request) {
  const answer = await send(address, request);
  const body = await readJson(answer);
  if (!answer.ok) throw new ApiError(answer.status, body);
  if (typeof body.model === "string") buildSeen(body.model);
  return body;
}

async function send(address, request) {
  const key = sessionStorage.getItem(KEY);
  const headers = { ...request.headers };
  if (key) headers.Authorization = `Bearer ${key}`;
  try {
    return await fetch(address, { ...request, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0);
  }
}

async function readJson(answer) {
  try {
    return await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    // A proxy's error page is not JSON; its status says enough.
    throw new ApiError(answer.ok ? 0 : answer.status);
  }
}
