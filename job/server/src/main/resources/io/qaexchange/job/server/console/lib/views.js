// What a panel shows before, instead of and beside its data: loading, empty, error, stale, forbidden.

import {h, put, say} from "./dom.js";
import {duration} from "./format.js";
import {t} from "./i18n.js";
import {watch} from "./updates.js";

const STALE_AFTER = 3;

export function loading() {
  return h("div", {class: "state loading", role: "status"}, h("span", {class: "spinner", "aria-hidden": "true"}), t("Loading"));
}

export function empty(text, hint) {
  return h("div", {class: "state empty"}, h("strong", {}, text), hint ? h("p", {}, hint) : null);
}

/** A failure in words: what it is, what the server said, what to do. */
export function failure(problem) {
  const [title, hint] = problem.status === 403 ? [t("You may not see this"), t("Ask whoever runs this server for a token with the role that is named above.")]
      : problem.status === 0 ? [t("The server does not answer"), t("It may be restarting. This page tries again by itself.")]
      : problem.status === 503 ? [t("The job cannot be read now"), t("It may be starting, restarting or stopped. This page tries again by itself.")]
      : problem.status === 410 ? [t("This checkpoint is no longer held"), t("Choose another level.")]
      : [t("This did not work"), null];
  return h("div", {class: "state " + (problem.status === 403 ? "forbidden" : "error"), role: "alert"}, h("strong", {}, title),
      h("p", {class: "detail"}, problem.message), hint ? h("p", {}, hint) : null);
}

/**
 * Keeps a panel up to date. While no data has come it shows loading or the failure; data that can no longer be fetched stays, marked as stale.
 *
 * @param load asks for the data; takes an AbortSignal
 * @param show called with the data, and with the element to show it in
 * @param every ms between two answers
 * @param paths documents that the server pushes; when one has changed, load is called
 * @returns stop, now (asks at once)
 */
export function live(panel, {load, show, every, paths = []}) {
  const abort = new AbortController();
  const banner = h("div", {class: "stale", role: "status", hidden: true});
  const body = h("div", {class: "body"});
  put(panel, banner, body);
  put(body, loading());
  let timer = 0;
  let goodAt = 0;
  let problem = null;
  let running = false;
  let again = false;

  /** One answer after the other: who asks while one is waited for gets the next. */
  async function turn() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    await answer();
    running = false;
    if (again && !abort.signal.aborted) {
      again = false;
      turn();
    }
  }

  async function answer() {
    clearTimeout(timer);
    timer = 0;
    try {
      const data = await load(abort.signal);
      if (abort.signal.aborted) {
        return;
      }
      if (goodAt === 0) {
        body.replaceChildren();
      }
      goodAt = Date.now();
      problem = null;
      show(data, body);
    } catch (e) {
      if (abort.signal.aborted || e.name === "AbortError") {
        return;
      }
      if (!("status" in e)) {
        console.error(e);
      }
      problem = e;
      if (goodAt === 0) {
        put(body, failure(e));
      }
    }
    mark();
    if (timer === 0 && every) {
      timer = setTimeout(turn, document.hidden ? every * 5 : every);
    }
  }

  function mark() {
    const stale = goodAt > 0 && (problem !== null || Date.now() - goodAt > Math.max(5000, STALE_AFTER * every));
    panel.classList.toggle("is-stale", stale);
    banner.hidden = !stale;
    if (stale) {
      say(banner, t("Not up to date for {age}: {reason}", {age: duration(Math.floor((Date.now() - goodAt) / 1000) * 1000),
        reason: problem === null ? t("waiting for the server") : problem.message}));
    }
  }

  const forget = paths.length > 0 ? watch(paths, turn) : () => {};
  const marker = every ? setInterval(mark, 1000) : 0;
  turn();
  return {
    stop() {
      abort.abort();
      forget();
      clearTimeout(timer);
      clearInterval(marker);
    },
    now: turn,
  };
}

/** A value with its name. */
export function stat(name, hint) {
  const value = h("dd", {}, "–");
  const note = h("dd", {class: "note"}, "");
  return {element: h("div", {class: "stat", title: hint}, h("dt", {}, name), value, note), value, note};
}
