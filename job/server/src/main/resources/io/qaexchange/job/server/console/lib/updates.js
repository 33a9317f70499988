// Documents that the server pushes when they change, in one stream for all panels of a page: a browser has six connections to a server. While the stream
// is not there, because the page is hidden, the server is away or gives none, a document is asked for as any other.

import {Problem, ask, get, lines, url} from "./api.js";

const QUIET_MS = 6000;
const RETRY_MS = 3000;
const SETTLE_MS = 50;
const watches = new Set();
/** By path: {body} or {problem}. */
let known = new Map();
let heardAt = 0;
let stream = null;
let settling = 0;

/** Follows documents until the function that it gives is called. onChange hears of each that has changed. */
export function watch(paths, onChange) {
  const one = {paths, onChange};
  watches.add(one);
  settle();
  return () => {
    watches.delete(one);
    settle();
  };
}

/** A document: as it was pushed if it is followed, else asked for. Throws a Problem, as get does. */
export async function latest(path, options) {
  const found = Date.now() - heardAt < QUIET_MS ? known.get(path) : undefined;
  if (found === undefined) {
    return get(path, options);
  }
  if (found.problem) {
    throw new Problem(found.status, String(found.problem.type ?? "").split(":").pop(), String(found.problem.detail ?? ""));
  }
  return found.body;
}

/** Panels of a page come and go together: the stream begins when they are all there. */
function settle() {
  clearTimeout(settling);
  settling = setTimeout(begin, SETTLE_MS);
}

function wanted() {
  return document.hidden ? "" : url("/v1/updates") + [...new Set([...watches].flatMap(one => one.paths))].sort()
      .map((path, i) => (i === 0 ? "?" : "&") + "path=" + encodeURIComponent(path)).join("");
}

async function begin() {
  const address = wanted();
  if (stream?.address === address) {
    return;
  }
  stream?.abort.abort();
  known = new Map();
  heardAt = 0;
  stream = null;
  if (!address.includes("?")) {
    return;
  }
  const mine = {address, abort: new AbortController()};
  stream = mine;
  try {
    for await (const batch of lines(await ask(address, {signal: mine.abort.signal}))) {
      if (stream !== mine) {
        return;
      }
      heardAt = Date.now();
      batch.filter(line => line.startsWith("data: ")).forEach(line => take(JSON.parse(line.slice(6))));
    }
  } catch (e) {
    if (mine.abort.signal.aborted) {
      return;
    }
    console.info("updates are asked for one by one: " + e.message);
  }
  if (stream === mine) {
    known = new Map();
    heardAt = 0;
    stream = null;
    settling = setTimeout(begin, RETRY_MS);
  }
}

function take(event) {
  known.set(event.path, event);
  watches.forEach(one => {
    if (one.paths.includes(event.path)) {
      one.onChange();
    }
  });
}

document.addEventListener("visibilitychange", settle);
