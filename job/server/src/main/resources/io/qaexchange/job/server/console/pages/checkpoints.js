// Flink checkpoints and savepoints: a strip of the last ones, what each holds, and taking one.

import {get} from "../lib/api.js";
import {checkpointStrip, shareBar, sharedOf} from "../lib/checkpoints.js";
import {h, put, say} from "../lib/dom.js";
import {bytes, count, duration, time} from "../lib/format.js";
import {t} from "../lib/i18n.js";
import {plainTable, table} from "../lib/table.js";
import {operationsPanel} from "../lib/operations.js";
import {latest} from "../lib/updates.js";
import {live} from "../lib/views.js";

const EVERY_MS = 2000;
const SHOWN_EPOCHS = 20;

export function open(main, {user}) {
  const panel = h("div", {class: "grow"});
  put(main, panel);
  const operations = operationsPanel(user, [{path: "/admin/checkpoint", name: t("Take a checkpoint")},
    {path: "/admin/savepoint", name: t("Take a savepoint"), preview: savepointPreview, sure: t("A savepoint writes all state to the folder of savepoints. Take it now?")}]);
  let build = null;
  const updates = live(panel, {every: EVERY_MS, paths: ["/v1/status", "/v1/storage"], async load(signal) {
    const [status, storage] = await Promise.all([latest("/v1/status", {signal}), latest("/v1/storage", {signal}).catch(unreadable)]);
    return {status, storage};
  }, show({status, storage}, body) {
    build ??= layout(body, operations.element);
    build(status.checkpoints, storage);
  }});
  return {stop() {
    updates.stop();
    operations.stop();
    build?.list.stop();
  }};
}

/** While the job cannot be read its checkpoints can be shown all the same. */
function unreadable(problem) {
  if (problem.status === undefined) {
    throw problem;
  }
  return null;
}

async function savepointPreview() {
  const {checkpoints} = await get("/v1/status");
  const last = checkpoints.newest.find(one => one.state === "COMPLETED");
  return {possible: true, shown: h("p", {}, last ? t("The last checkpoint refers to {size}; a savepoint writes about as much, and shares nothing.", {size: bytes(last.bytes)}) : t("No checkpoint yet"))};
}

function layout(body, operations) {
  const strip = h("div", {class: "pad"});
  const note = h("span", {class: "note"});
  const holds = h("div", {class: "pad stack"});
  const list = table({label: t("Checkpoints"), sortBy: null, columns: [
    {key: "id", title: t("Id"), align: "right", width: "80px", text: row => String(row.id)},
    {key: "kind", title: t("Kind"), width: "110px", text: row => row.savepoint ? t("savepoint") : t("checkpoint")},
    {key: "state", title: t("State"), width: "120px", cell(row, cell) {
      put(cell, h("span", {class: "pill " + (row.state === "COMPLETED" ? "good" : row.state === "FAILED" ? "bad" : "")}, t(row.state.toLowerCase().replace("_", " "))));
    }},
    {key: "at", title: t("Triggered"), width: "176px", text: row => time(Date.parse(row.at))},
    {key: "ms", title: t("Took"), align: "right", width: "90px", text: row => duration(row.durationMs)},
    {key: "bytes", title: t("Size"), hint: t("All that it refers to"), align: "right", width: "100px", text: row => bytes(row.bytes)},
    {key: "new", title: t("New"), hint: t("Uploaded for this one; the rest is shared with earlier ones"), align: "right", width: "90px", text: row => row.state === "COMPLETED" ? bytes(row.newBytes) : "–"},
    {key: "shared", title: t("Shared"), hint: t("Taken over from earlier ones, and not uploaded again"), align: "right", width: "90px", text: row => row.state === "COMPLETED" ? bytes(sharedOf(row)) : "–"},
    {key: "share", title: t("New and shared"), width: "160px", cell(row, cell) {
      put(cell, row.state === "COMPLETED" ? shareBar(row) : null);
    }},
    {key: "path", title: t("Path, or why it failed"), class: "mono", full: true, width: "minmax(300px, 1fr)", text: row => row.failure ?? row.path ?? ""}]});
  put(body, h("div", {class: "stack grow"}, h("div", {class: "grid-2"}, h("section", {class: "panel"}, h("header", {}, h("h2", {}, t("The last checkpoints")), note), strip), operations),
      h("section", {class: "panel", "aria-label": t("Held checkpoints and branches")}, h("header", {}, h("h2", {}, t("Held checkpoints and branches")), h("span", {class: "note"},
          t("what can be read, and which branch of history the archive follows"))), holds),
      h("section", {class: "panel fill tall", "aria-label": t("Checkpoints")}, h("header", {class: "panel-head"}, h("h2", {}, t("Checkpoints and savepoints"))), list.element)));
  const show = (checkpoints, storage) => {
    say(note, t("every {time}", {time: duration(checkpoints.intervalMs)}) + " · " + t("{n} complete, {failed} failed", {n: count(checkpoints.completed), failed: count(checkpoints.failed)}));
    put(strip, checkpointStrip(checkpoints));
    put(holds, storage === null ? h("p", {class: "muted"}, t("The job cannot be read now")) : [held(storage.subtasks), branches(storage.archive.epochs)]);
    list.set(checkpoints.newest);
  };
  show.list = list;
  return show;
}

/** By subtask: checkpoints whose rows can be read, files of the archive that it handed over in this epoch. */
function held(subtasks) {
  return h("div", {class: "scroll"}, plainTable({label: t("Held checkpoints"), rows: subtasks, columns: [{title: t("Subtask"), text: one => String(one.subtask)},
    {title: t("Checkpoints that can be read"), class: "mono", text: one => one.heldCheckpoints.join(", ") || "–"},
    {title: t("Files handed over in this epoch"), align: "right", text: one => count(one.filesHandedOver)},
    {title: t("Instruments with archived rows"), align: "right", text: one => count(one.instrumentsWithArchive)}]}));
}

/** The archive epochs: each run of the job from a start or restore to the next. */
function branches(epochs) {
  const byId = new Map(epochs.map(one => [one.id, one]));
  const line = new Set();
  for (let one = epochs.find(epoch => epoch.isCurrent); one && !line.has(one.id); one = byId.get(one.parent)) {
    line.add(one.id);
  }
  return epochs.length === 0 ? h("p", {class: "muted"}, t("Nothing is archived yet")) : h("div", {class: "scroll"}, plainTable({label: t("Branches of the archive"), rows: epochs.slice(-SHOWN_EPOCHS).reverse(), columns: [
    {title: t("Archive epoch"), class: "mono", text: one => one.id}, {title: t("Branch"), cell(one, cell) {
      put(cell, one.isCurrent ? h("span", {class: "pill good"}, t("current")) : line.has(one.id) ? h("span", {class: "pill"}, t("ancestor")) : h("span", {class: "pill warn"}, t("left behind")));
    }},
    {title: t("Began"), text: one => time(Date.parse(one.startedAt))}, {title: t("From"), text: one => one.parent === null ? t("empty") : t("checkpoint {id}", {id: one.restoredCheckpoint})},
    {title: t("Files"), align: "right", text: one => count(one.files)}, {title: t("Superseded"), align: "right", text: one => count(one.supersededFiles)}]}));
}
