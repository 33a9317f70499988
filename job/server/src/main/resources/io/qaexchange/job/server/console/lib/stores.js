// The store of a subtask as a picture.

import {h} from "./dom.js";
import {bytes, duration, short, time} from "./format.js";
import {t} from "./i18n.js";

const WINDOW_MS = 3_600_000;
const MOST_PLACES = 40;
/** As ns since 1970 a day of the year 2200; the server sends the greatest number where no time is known. */
const NO_TIME = 7.3e18;

/** A store: a line for each level or window, a block for each file, as wide as it is large. */
export function storeOf(one) {
  const most = Math.max(...one.levels.map(level => level.fileBytes.reduce((a, b) => a + b, 0)), 1);
  const numbers = one.levels.flatMap(level => level.fileNumbers);
  const [oldest, youngest] = [Math.min(...numbers), Math.max(...numbers)];
  const compaction = one.askedCompaction;
  const families = Map.groupBy ? Map.groupBy(one.levels, level => level.family) : groups(one.levels);
  const asked = compaction.state === "NONE" ? null : h("span", {class: "pill " + (compaction.state === "RUNNING" ? "warn" : compaction.state === "DONE" ? "good" : compaction.state === "FAILED" ? "bad" : "")},
      t("compaction " + compaction.state.toLowerCase()) + (compaction.startedMs ? " · " + duration((compaction.endedMs || Date.now()) - compaction.startedMs) : ""));
  return h("section", {class: "panel store", "aria-label": t("Store of subtask {n}", {n: one.subtask})}, h("header", {}, h("h2", {}, t("Subtask {n}", {n: one.subtask})), asked,
      h("span", {class: "note"}, t("memtable {size}", {size: bytes(one.statistics["memtable.active.bytes"])}) + " · " + t("level 0 depth {n}", {n: one.statistics["level0.depth"]}))),
  h("div", {class: "pad"}, one.levels.length === 0 ? h("p", {class: "muted"}, t("All rows are in memory: no file was flushed yet.")) : [...families].map(([family, levels]) => h("div", {class: "family"}, h("h3", {}, family, " ",
      h("span", {class: "muted"}, t(levels[0].style === "LEVELED" ? "leveled" : "windows of event time"))), levels.slice(-MOST_PLACES).map(level => {
    const total = level.fileBytes.reduce((a, b) => a + b, 0);
    const bar = h("span", {class: "files", role: "img", "aria-label": t("{n} files, {size}", {n: level.fileBytes.length, size: bytes(total)})}, level.fileBytes.map((size, i) => {
      const block = h("i", {title: [t("file {n}", {n: level.fileNumbers[i]}), bytes(size), level.fileNewestTimes[i] < NO_TIME ? t("newest event {time}", {time: time(level.fileNewestTimes[i] / 1e6)}) : null].filter(Boolean).join(" · ")});
      block.style.flexGrow = String(size);
      // The younger, the stronger its colour.
      block.style.opacity = (.4 + .6 * (youngest === oldest ? 1 : (level.fileNumbers[i] - oldest) / (youngest - oldest))).toFixed(2);
      return block;
    }));
    bar.style.width = Math.max(1.5, total / most * 100) + "%";
    return h("div", {class: "level"}, h("span", {class: "place"}, level.isWindow ? time(level.place * WINDOW_MS).slice(5, 16) : t("level {n}", {n: level.place})), h("span", {class: "track"}, bar),
        h("span", {class: "right muted"}, bytes(total)), h("span", {class: "right muted"}, t("{n} entries", {n: short(level.entries)})));
  }))), one.levels.length === 0 ? null : h("p", {class: "muted order"}, t("Files from left to right in the order of their keys; the younger a file, the stronger its colour.")), nextOf(one.nextCompaction)));
}

/** What the picker would do now with each family of the store, and the scores behind it. */
function nextOf(text) {
  const plans = text.split("\n").filter(line => line !== "" && !line.startsWith(" ")).map(line => {
    const colon = line.indexOf(": ");
    const plan = line.slice(colon + 2);
    return h("div", {}, h("dt", {}, line.slice(0, colon)), h("dd", {class: "mono" + (plan === "nothing is due" ? " muted" : "")}, t(plan)));
  });
  return h("div", {class: "next"}, h("h3", {}, t("What would be compacted next, and why")), h("dl", {class: "pushed"}, plans),
      h("details", {}, h("summary", {}, t("Scores")), h("pre", {class: "plan", tabindex: "0"}, text)));
}


function groups(levels) {
  const found = new Map();
  levels.forEach(level => found.set(level.family, [...found.get(level.family) ?? [], level]));
  return found;
}
