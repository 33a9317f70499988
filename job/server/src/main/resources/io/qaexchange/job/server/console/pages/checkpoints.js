// Flink checkpoints and savepoints: a strip of the last ones, what each holds, and taking one.

import {get} from "../lib/api.js";
import {checkpointStrip} from "../lib/checkpoints.js";
import {h, put, say} from "../lib/dom.js";
import {bytes, count, duration, time} from "../lib/format.js";
import {t} from "../lib/i18n.js";
import {table} from "../lib/table.js";
import {operationsPanel} from "../lib/operations.js";
import {live} from "../lib/views.js";

const EVERY_MS = 2000;

export function open(main, {user}) {
  const panel = h("div", {class: "grow"});
  put(main, panel);
  const operations = operationsPanel(user, [{path: "/admin/checkpoint", name: t("Take a checkpoint")},
    {path: "/admin/savepoint", name: t("Take a savepoint"), sure: t("A savepoint writes all state to the folder of savepoints. Take it now?")}]);
  let build = null;
  const updates = live(panel, {every: EVERY_MS, async load(signal) {
    const [status, job] = await Promise.all([get("/v1/status", {signal}), get("/v1/job", {signal}).catch(() => null)]);
    return {status, job};
  }, show({status, job}, body) {
    build ??= layout(body, operations.element);
    build(status.checkpoints, job);
  }});
  return {stop() {
    updates.stop();
    operations.stop();
    build?.list.stop();
  }};
}

function layout(body, operations) {
  const strip = h("div", {class: "pad"});
  const note = h("span", {class: "note"});
  const held = h("p", {class: "pad muted"});
  const list = table({label: t("Checkpoints"), sortBy: null, columns: [
    {key: "id", title: t("Id"), align: "right", width: "80px", text: row => String(row.id)},
    {key: "kind", title: t("Kind"), width: "110px", text: row => row.savepoint ? t("savepoint") : t("checkpoint")},
    {key: "state", title: t("State"), width: "120px", cell(row, cell) {
      put(cell, h("span", {class: "pill " + (row.state === "COMPLETED" ? "good" : row.state === "FAILED" ? "bad" : "")}, t(row.state.toLowerCase().replace("_", " "))));
    }},
    {key: "at", title: t("Triggered"), width: "176px", text: row => time(Date.parse(row.at))},
    {key: "ms", title: t("Took"), align: "right", width: "90px", text: row => duration(row.durationMs)},
    {key: "bytes", title: t("Size"), hint: t("All that it refers to"), align: "right", width: "100px", text: row => bytes(row.bytes)},
    {key: "new", title: t("New"), hint: t("Uploaded for this one; the rest is shared with earlier ones"), align: "right", width: "100px", text: row => bytes(row.newBytes)},
    {key: "path", title: t("Path, or why it failed"), class: "mono", full: true, width: "minmax(300px, 1fr)", text: row => row.failure ?? row.path ?? ""}]});
  put(body, h("div", {class: "stack grow"}, h("div", {class: "grid-2"}, h("section", {class: "panel"}, h("header", {}, h("h2", {}, t("The last checkpoints")), note), strip), operations),
      h("section", {class: "panel fill", "aria-label": t("Checkpoints")}, h("header", {class: "panel-head"}, h("h2", {}, t("Checkpoints and savepoints")), held), list.element)));
  held.className = "note";
  const show = (checkpoints, job) => {
    say(note, t("every {time}", {time: duration(checkpoints.intervalMs)}) + " · " + t("{n} complete, {failed} failed", {n: count(checkpoints.completed), failed: count(checkpoints.failed)}));
    put(strip, checkpointStrip(checkpoints));
    say(held, job?.heldCheckpoints ? t("can be read: {ids}", {ids: job.heldCheckpoints.join(", ") || "–"}) : "");
    list.set(checkpoints.newest);
  };
  show.list = list;
  return show;
}
