// What the user prefers, kept in this browser: theme, language, time zone, level of reads.

const KEY = "qaexchange.preferences";
const listeners = new Set();
const usual = {
  theme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
  language: navigator.language?.startsWith("zh") ? "zh" : "en",
  zone: "exchange",
  level: "live",
};
const values = {...usual, ...read()};

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};  // Storage is shut, or holds something else: the usual values apply.
  }
}

export function pref(name) {
  return values[name];
}

export function setPref(name, value) {
  values[name] = value;
  try {
    localStorage.setItem(KEY, JSON.stringify(values));
  } catch (e) {
    console.warn("preferences are not kept: " + e.message);
  }
  listeners.forEach(listener => listener(name));
}

/** Calls a listener with the name of each preference that changes. */
export function onPref(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
