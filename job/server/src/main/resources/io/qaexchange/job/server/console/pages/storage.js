// What is stored, and where: the levels of each store as a picture, the archive by table and trading day.

import {get} from "../lib/api.js";
import {h, put, say} from "../lib/dom.js";
import {bytes, count, decimals, duration, short, time} from "../lib/format.js";
import {t} from "../lib/i18n.js";
import {operationsPanel} from "../lib/operations.js";
import {table} from "../lib/table.js";
import {empty, live, stat} from "../lib/views.js";

const EVERY_MS = 3000;
const WINDOW_MS = 3_600_000;
const MOST_PLACES = 40;

export function open(main, {user}) {
  const panel = h("div", {class: "grow"});
  put(main, panel);
  const operations = operationsPanel(user, [
    {path: "/admin/compaction/trigger", name: t("Compact everything"), sure: t("Compacts all that the event store has in the engine. Reads and writes go on, and writes may be slowed down meanwhile. Start it?")},
    {path: "/admin/compaction", method: "DELETE", name: t("Cancel the compaction")}]);
  let page = null;
  const updates = live(panel, {every: EVERY_MS, load: signal => get("/v1/storage", {signal}), show(data, body) {
    page ??= build(body, operations.element);
    page.show(data);
  }});
  return {stop() {
    updates.stop();
    operations.stop();
    page?.stop();
  }};
}

function build(body, operations) {
  const stats = {memory: stat(t("Memtables"), t("Rows in memory, in all subtasks")), files: stat(t("Engine files"), t("Sorted files of the event store")), amplification: stat(t("Write amplification"), t("Bytes written by flushes and compactions, over bytes flushed")),
    stalls: stat(t("Write stalls"), t("Since the tasks began")), cold: stat(t("Parquet files")), size: stat(t("Parquet size")), ratio: stat(t("Compression"), t("Stored bytes over bytes in Parquet")), retired: stat(t("On their way out"), t("Files that left the archive and are still on the disk"))};
  const stores = h("div", {class: "grid-2"});
  const heat = h("div", {class: "pad scroll"});
  const manifest = h("span", {class: "note"});
  const list = table({label: t("Parquet files by table and trading day"), sortBy: "bytes", descending: true, keyOf: row => row.table + row.tradingDay, columns: [
    {key: "table", title: t("Table"), width: "minmax(130px, 1fr)", sort: row => row.table, text: row => row.table},
    {key: "day", title: t("Trading day"), width: "110px", sort: row => row.tradingDay, descending: true, text: row => row.tradingDay},
    {key: "files", title: t("Files"), align: "right", width: "80px", sort: row => row.files, descending: true, text: row => count(row.files)},
    {key: "rows", title: t("Rows"), align: "right", width: "110px", sort: row => row.rows, descending: true, text: row => count(row.rows)},
    {key: "bytes", title: t("Size"), align: "right", width: "100px", sort: row => row.bytes, descending: true, text: row => bytes(row.bytes)},
    {key: "ratio", title: t("Compression"), align: "right", width: "116px", sort: row => row.rawBytes / row.bytes, descending: true, text: row => row.rawBytes > 0 ? decimals(row.rawBytes / row.bytes, 1) + " ×" : "–"},
    {key: "small", title: t("Small files"), hint: t("Below 16 MiB where a day has several: bin/archive compact merges them"), align: "right", width: "110px", sort: row => row.smallFiles, descending: true,
      cell(row, cell) {
        put(cell, row.smallFiles > 0 ? h("span", {class: "pill warn"}, count(row.smallFiles)) : h("span", {class: "muted"}, "0"));
      }}]});
  const box = h("div", {class: "body"});
  put(body, h("div", {class: "stack grow"}, h("dl", {class: "stats"}, Object.values(stats).map(one => one.element)), operations, stores,
      h("section", {class: "panel"}, h("header", {}, h("h2", {}, t("Archive: bytes by table and trading day")), manifest), heat),
      h("section", {class: "panel fill tall"}, h("header", {class: "panel-head"}, h("h2", {}, t("Parquet files by table and trading day"))), box)));
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
      say(manifest, t("archive manifest {version}", {version: archive.manifestVersion}));
      put(heat, archive.days.length === 0 ? empty(t("Nothing is archived yet"), t("Rows are archived when a window of event time is complete.")) : heatmap(archive.days));
      if (archive.days.length === 0) {
        put(box, empty(t("Nothing is archived yet")));
      } else {
        if (!list.element.isConnected) {
          put(box, list.element);
        }
        list.set(archive.days);
      }
    },
    stop: () => list.stop(),
  };
}

/** A store: a line for each level or window, a block for each file, as wide as it is large. */
function storeOf(one) {
  const most = Math.max(...one.levels.map(level => level.fileBytes.reduce((a, b) => a + b, 0)), 1);
  const compaction = one.askedCompaction;
  const families = Map.groupBy ? Map.groupBy(one.levels, level => level.family) : groups(one.levels);
  const asked = compaction.state === "NONE" ? null : h("span", {class: "pill " + (compaction.state === "RUNNING" ? "warn" : compaction.state === "DONE" ? "good" : compaction.state === "FAILED" ? "bad" : "")},
      t("compaction " + compaction.state.toLowerCase()) + (compaction.startedMs ? " · " + duration((compaction.endedMs || Date.now()) - compaction.startedMs) : ""));
  return h("section", {class: "panel store", "aria-label": t("Store of subtask {n}", {n: one.subtask})}, h("header", {}, h("h2", {}, t("Subtask {n}", {n: one.subtask})), asked,
      h("span", {class: "note"}, t("memtable {size}", {size: bytes(one.statistics["memtable.active.bytes"])}) + " · " + t("level 0 depth {n}", {n: one.statistics["level0.depth"]}))),
  h("div", {class: "pad"}, one.levels.length === 0 ? h("p", {class: "muted"}, t("All rows are in memory: no file was flushed yet.")) : [...families].map(([family, levels]) => h("div", {class: "family"}, h("h3", {}, family, " ",
      h("span", {class: "muted"}, t(levels[0].style === "LEVELED" ? "leveled" : "windows of event time"))), levels.slice(-MOST_PLACES).map(level => {
    const total = level.fileBytes.reduce((a, b) => a + b, 0);
    const bar = h("span", {class: "files", role: "img", "aria-label": t("{n} files, {size}", {n: level.fileBytes.length, size: bytes(total)})}, level.fileBytes.map(size => {
      const block = h("i", {title: bytes(size)});
      block.style.flexGrow = String(size);
      return block;
    }));
    bar.style.width = Math.max(1.5, total / most * 100) + "%";
    return h("div", {class: "level"}, h("span", {class: "place"}, level.isWindow ? time(level.place * WINDOW_MS).slice(5, 16) : t("level {n}", {n: level.place})), h("span", {class: "track"}, bar),
        h("span", {class: "right muted"}, bytes(total)), h("span", {class: "right muted"}, t("{n} entries", {n: short(level.entries)})));
  }))), h("details", {}, h("summary", {}, t("What would be compacted next, and why")), h("pre", {class: "plan", tabindex: "0"}, one.nextCompaction))));
}

function groups(levels) {
  const found = new Map();
  levels.forEach(level => found.set(level.family, [...found.get(level.family) ?? [], level]));
  return found;
}

/** Tables down, trading days across; the deeper, the more bytes. */
function heatmap(days) {
  const names = [...new Set(days.map(day => day.table))];
  const dates = [...new Set(days.map(day => day.tradingDay))].sort().slice(-60);
  const most = Math.max(...days.map(day => day.bytes));
  const of = new Map(days.map(day => [day.table + " " + day.tradingDay, day]));
  return h("table", {class: "heat"}, h("caption", {class: "hidden"}, t("Archive: bytes by table and trading day")), h("thead", {}, h("tr", {}, h("td", {}), dates.map(day => h("th", {scope: "col"}, day.slice(5))))),
      h("tbody", {}, names.map(name => h("tr", {}, h("th", {scope: "row"}, name), dates.map(day => {
        const found = of.get(name + " " + day);
        const cell = h("td", {title: found ? `${name} ${day}: ${bytes(found.bytes)}, ${count(found.files)} files, ${count(found.rows)} rows` : `${name} ${day}: –`}, found ? bytes(found.bytes) : "");
        if (found) {
          cell.style.setProperty("--share", (Math.log(found.bytes) / Math.log(most) * 60).toFixed(0) + "%");
          cell.className = "has";
        }
        return cell;
      })))));
}
