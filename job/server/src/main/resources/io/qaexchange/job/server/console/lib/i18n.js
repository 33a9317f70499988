// English texts are their own keys; zh.js has the Chinese ones.

import {pref} from "./prefs.js";
import {ZH} from "./zh.js";

/** A text in the chosen language, with {names} filled in. */
export function t(text, values = {}) {
  const found = pref("language") === "zh" ? ZH[text] ?? text : text;
  return found.replace(/\{(\w+)}/g, (whole, name) => values[name] ?? whole);
}
