// The public HTTP interface of the server. The token goes with each request; it is kept for this tab only.

const TOKEN = "qaexchange.token";
let token = sessionStorage.getItem(TOKEN);
let onLogin = () => {};

/** Why there is no answer: the members of the problem document (RFC 9457), or status 0 if the server did not answer. */
export class Problem extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** Calls back when a token is needed that is not there, or is no longer valid. */
export function whenLoginIsNeeded(callback) {
  onLogin = callback;
}

export function hasToken() {
  return token !== null;
}

export function setToken(value) {
  token = value;
  if (value === null) {
    sessionStorage.removeItem(TOKEN);
  } else {
    sessionStorage.setItem(TOKEN, value);
  }
}

/** A response that is good. Throws a Problem otherwise. */
export async function ask(path, {method = "GET", body, headers = {}, signal} = {}) {
  const all = {...headers};
  if (token !== null) {
    all.Authorization = "Bearer " + token;
  }
  let response;
  try {
    response = await fetch(path, {method, body, headers: all, signal, cache: "no-store", credentials: "omit"});
  } catch (e) {
    if (e.name === "AbortError") {
      throw e;
    }
    throw new Problem(0, "no-server", "the server does not answer: " + e.message);
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401) {
      onLogin(problem);
    }
    throw problem;
  }
  return response;
}

async function problemOf(response) {
  try {
    const document = await response.json();
    return new Problem(response.status, String(document.type ?? "").split(":").pop(), String(document.detail ?? response.statusText));
  } catch {
    return new Problem(response.status, "unknown", "the server answers " + response.status);
  }
}

/** The JSON of an answer. */
export async function get(path, options) {
  return (await ask(path, options)).json();
}

/** A path with parameters; those that are null or undefined are left out. */
export function url(path, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined) {
      query.set(name, value);
    }
  }
  const text = query.toString();
  return text ? path + "?" + text : path;
}

/** The lines of a response, as they come. */
export async function* lines(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const {value, done} = await reader.read();
      if (done) {
        break;
      }
      const parts = (rest + value).split("\n");
      rest = parts.pop();
      yield parts;
    }
    if (rest) {
      yield [rest];
    }
  } finally {
    // Whoever wants no more lines wants no more bytes.
    reader.cancel().catch(() => {});
  }
}

/**
 * Follows server-sent events until the signal ends it. An EventSource cannot send a token, so this is a request like any other. It begins again
 * when it breaks off; onState hears "open" and "waiting".
 */
export async function follow(path, {signal, onRow, onState = () => {}}) {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const response = await ask(path, {signal});
      let event = "message";
      for await (const batch of lines(response)) {
        for (const line of batch) {
          if (line.startsWith("event: ")) {
            event = line.slice(7);
          } else if (line.startsWith("data: ")) {
            if (event === "message") {
              onRow(JSON.parse(line.slice(6)));
            }
            onState(event === "waiting" ? "waiting" : "open");
          } else if (line === "") {
            event = "message";
          }
        }
        failures = 0;
      }
    } catch (e) {
      if (signal.aborted || e.status === 401 || e.status === 403) {
        return;
      }
      onState("waiting");
    }
    await new Promise(resolve => setTimeout(resolve, Math.min(5000, 300 * 2 ** failures)));
  }
}
