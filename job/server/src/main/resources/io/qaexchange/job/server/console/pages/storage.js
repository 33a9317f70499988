// What is stored, and where: the levels of each store as a picture, the archive by table and trading day.

import {ask} from "../lib/api.js";
import {archivePanels} from "../lib/archive.js";
import {h, put, say} from "../lib/dom.js";
import {bytes, count, decimals, duration, short} from "../lib/format.js";
import {t} from "../lib/i18n.js";
import {operationsPanel} from "../lib/operations.js";
import {plot} from "../lib/plot.js";
import {storeOf} from "../lib/stores.js";
import {latest} from "../lib/updates.js";
import {live, stat} from "../lib/views.js";

const EVERY_MS = 3000;
const HISTORY_MS = 5000;
const MIB = 1 << 20;
const CHART = {kind: "time", width: 460, height: 150};

export function open(main, {user}) {
  const panel = h("div", {class: "grow"});
  put(main, panel);
  const operations = operationsPanel(user, [
    {path: "/admin/compaction/trigger", name: t("Compact everything"), preview: storePreview,
      sure: t("Compacts all that the event store has in the engine. Reads and writes go on, and writes may be slowed down meanwhile. Start it?")},
    {path: "/admin/compaction", method: "DELETE", name: t("Cancel the compaction")},
    {path: "/admin/archive/compact", name: t("Merge small Parquet files"), preview: archivePreview,
      sure: t("Merges small files of a table and trading day into large ones. Queries go on; the small files stay on the disk until bin/archive retain removes them. Start it?")}]);
  const charts = h("section", {class: "panel", "aria-label": t("Over time")});
  let page = null;
  const updates = live(panel, {every: EVERY_MS, paths: ["/v1/storage"], load: signal => latest("/v1/storage", {signal}), show(data, body) {
    page ??= build(body, operations.element, charts);
    page.show(data);
  }});
  const history = live(charts, {every: HISTORY_MS, paths: ["/v1/storage/history"], load: signal => latest("/v1/storage/history", {signal}), show({samples}, body) {
    put(body, h("header", {class: "panel-head"}, h("h2", {}, t("Over time")), h("span", {class: "note"}, t("since this server began, at most six hours"))), chartsOf(samples));
  }});
  return {stop() {
    updates.stop();
    history.stop();
    operations.stop();
    page?.stop();
  }};
}

async function storePreview() {
  const plan = await (await ask("/admin/compaction/trigger?dry-run=true", {method: "POST"})).json();
  return {possible: true, shown: [h("p", {}, t("{n} files and the memtables, {size} in all, would be read, and written again but for what can be dropped.", {n: count(plan.files), size: bytes(plan.bytes)})),
    h("ul", {class: "problems"}, plan.subtasks.map(one => h("li", {}, t("Subtask {n}", {n: one.subtask}) + ": " + t("{n} files", {n: count(one.files)}) + ", " + bytes(one.bytes))))]};
}

async function archivePreview() {
  const plan = await (await ask("/admin/archive/compact?dry-run=true", {method: "POST"})).json();
  return {possible: plan.files > 0, shown: plan.files === 0 ? h("p", {}, t("Nothing is to be merged: no table has two small files of one trading day.")) : [
    h("p", {}, t("{n} files with {size} would become {become}.", {n: count(plan.files), size: bytes(plan.bytes), become: count(plan.becomeFiles)})),
    h("ul", {class: "problems"}, plan.groups.map(one => h("li", {}, `${one.table}, ${one.tradingDay}: ` + t("{n} files", {n: count(one.files)}) + ", " + bytes(one.bytes))))]};
}

/** Write amplification, memtables and stalls. Counters begin again with the tasks; what lies before that is another story. */
function chartsOf(samples) {
  const amplification = samples.filter(one => one.flushedBytes > 0).map(one => ({x: one.at, y: (one.flushedBytes + one.compactedBytes) / one.flushedBytes}));
  const stalls = samples.slice(1).map((one, i) => ({x: one.at, y: Math.max(0, one.stallMicros - samples[i].stallMicros) / 1000 / ((one.at - samples[i].at) / 1000)}));
  const chart = (name, points, least, format) => h("figure", {}, h("figcaption", {}, name), points.length < 2 ? h("p", {class: "muted"}, t("Collecting …")) : plot({...CHART, points, least, label: name, format}));
  return h("div", {class: "pad charts-3"}, chart(t("Write amplification"), amplification, 1, value => decimals(value, 2)),
      chart(t("Memtables, MiB"), samples.map(one => ({x: one.at, y: one.memtableBytes / MIB})), 0, value => decimals(value, value < 10 ? 1 : 0)),
      chart(t("Write stalls, ms in a second"), stalls, 0, value => decimals(value, value < 10 ? 1 : 0)));
}

function build(body, operations, charts) {
  const stats = {memory: stat(t("Memtables"), t("Rows in memory, in all subtasks")), files: stat(t("Engine files"), t("Sorted files of the event store")), amplification: stat(t("Write amplification"), t("Bytes written by flushes and compactions, over bytes flushed")),
    stalls: stat(t("Write stalls"), t("Since the tasks began")), cold: stat(t("Parquet files")), size: stat(t("Parquet size")), ratio: stat(t("Compression"), t("Stored bytes over bytes in Parquet")), retired: stat(t("On their way out"), t("Files that left the archive and are still on the disk"))};
  const stores = h("div", {class: "grid-2"});
  const archivePart = archivePanels();
  put(body, h("div", {class: "stack"}, h("dl", {class: "stats"}, Object.values(stats).map(one => one.element)), operations, charts, stores, archivePart.elements));
  return {
    show({subtasks, archive}) {
      const sum = id => subtasks.reduce((total, one) => total + (one.statistics[id] ?? 0), 0);
      say(stats.memory.value, bytes(sum("memtable.active.bytes") + sum("memtable.frozen.bytes")));
      say(stats.memory.note, t("of {budget} memory", {budget: bytes(sum("memory.budget.bytes"))}));
      say(stats.files.value, bytes(sum("files.bytes")));
      say(stats.files.note, t("{n} files", {n: count(sum("files"))}));
      const flushed = sum("flush.bytes");
      say(stats.amplification.value, flushed === 0 ? "–" : decimals((flushed + sum("compaction.written.bytes")) / flushed, 2));
      say(stats.amplification.note, t("{n} compactions", {n: count(sum("compactions"))}));
      say(stats.stalls.value, count(sum("stall.memtable.count") + sum("stall.level0.count")));
      say(stats.stalls.note, duration((sum("stall.memtable.micros") + sum("stall.level0.micros")) / 1000));
      say(stats.cold.value, count(archive.files));
      say(stats.cold.note, t("{n} rows", {n: short(archive.rows)}));
      say(stats.size.value, bytes(archive.bytes));
      say(stats.size.note, t("{n} legal holds", {n: count(archive.holds)}));
      const raw = archive.days.reduce((total, day) => total + day.rawBytes, 0);
      say(stats.ratio.value, archive.bytes > 0 && raw > 0 ? decimals(raw / archive.bytes, 1) + " ×" : "–");
      say(stats.ratio.note, t("stored over Parquet"));
      say(stats.retired.value, count(archive.retiredFiles));
      say(stats.retired.note, t("{n} superseded", {n: count(archive.supersededFiles)}));
      put(stores, subtasks.map(storeOf));
      archivePart.show(archive);
    },
    stop: () => archivePart.stop(),
  };
}
