// Of several things asked one after the other, only the last may be shown.

/**
 * A function that runs `work(signal)` and aborts what it ran before; `fail(error)` is
 * called where the newest fails.
 */
export function latest() {
  let running = new AbortController();
  return async function run(work, fail) {
    running.abort();
    running = new AbortController();
    const { signal } = running;
    try {
      await work(signal);
    } catch (error) {
      if (!signal.aborted) fail(error);
    }
  };
}
