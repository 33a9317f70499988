// The last checkpoints as a strip: a bar each, as high as it took long.

import {h} from "./dom.js";
import {bytes, duration, time} from "./format.js";
import {t} from "./i18n.js";

const MOST = 50;

/** Bytes that a checkpoint refers to and that earlier ones have uploaded. */
export function sharedOf({bytes: all, newBytes}) {
  return Math.max(0, all - newBytes);
}

/** How much of a checkpoint is new, and how much is shared with earlier ones. */
export function shareBar(one) {
  const parts = [["fresh", one.newBytes], ["shared", sharedOf(one)]];
  const text = t("{new} new, {shared} shared", {new: bytes(one.newBytes), shared: bytes(sharedOf(one))});
  return h("div", {class: "sumbar", role: "img", title: text, "aria-label": text}, parts.filter(([, size]) => size > 0).map(([name, size]) => {
    const piece = h("i", {class: name});
    piece.style.flexGrow = String(size);
    return piece;
  }));
}

export function checkpointStrip({newest, intervalMs}) {
  if (newest.length === 0) {
    return h("p", {class: "muted"}, t("No checkpoint yet"));
  }
  const shown = newest.slice(0, MOST).reverse();
  const longest = Math.max(...shown.map(one => one.durationMs), 1);
  const last = newest.find(one => one.state === "COMPLETED");
  const bars = shown.map(one => {
    const bar = h("i", {class: one.state === "COMPLETED" ? one.savepoint ? "savepoint" : one.durationMs > intervalMs ? "slow" : "good" : one.state === "FAILED" ? "bad" : "open",
      title: `${one.id} · ${one.state.toLowerCase()} · ${time(Date.parse(one.at))} · ${duration(one.durationMs)} · ${bytes(one.bytes)}` + (one.failure ? " · " + one.failure : "")});
    bar.style.height = Math.max(6, one.durationMs / longest * 100) + "%";
    return bar;
  });
  return [h("div", {class: "strip", role: "img", "aria-label": t("Durations of the last {n} checkpoints", {n: shown.length})}, bars),
    h("dl", {class: "sums"}, [[t("last complete"), last ? duration(Math.max(0, Date.now() - Date.parse(last.at) - last.durationMs)) + " " + t("ago") : "–"],
      [t("took"), last ? duration(last.durationMs) : "–"], [t("size"), last ? bytes(last.bytes) : "–"], [t("of it new"), last ? bytes(last.newBytes) : "–"], [t("of it shared"), last ? bytes(sharedOf(last)) : "–"],
      [t("longest"), duration(longest)]].map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))))];
}
