// The archive: bytes by table and trading day, small files, what is held, what has left, and what would leave.

import {get, url} from "./api.js";
import {h, put, say} from "./dom.js";
import {bytes, count, decimals, time} from "./format.js";
import {t} from "./i18n.js";
import {plainTable, table} from "./table.js";
import {empty, failure, loading} from "./views.js";

const USUAL_DAYS = 30;
/** Where files lie, as the server names it, in the order of their way. */
const TIERS = {local: "on the disk only", both: "on the disk and in an object store", leaving: "leaving the disk", remote: "in an object store only", fetching: "coming back to the disk"};
const REASONS = {compacted: "merged into larger files", split: "split by a restore", expired: "older than the retention"};

export function archivePanels() {
  const heat = h("div", {class: "pad scroll"});
  const manifest = h("span", {class: "note"});
  const small = h("p", {class: "stale", role: "status", hidden: true});
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
      }},
    {key: "tiers", title: t("Where"), hint: t("On the disk, or in an object store: bin/archive retain --remote moves files"), width: "minmax(150px, 1fr)", sort: row => row.tiers?.remote?.files ?? 0, descending: true, full: true,
      text: row => tiersOf(row).map(([tier, {files}]) => t(tier) + (Object.keys(row.tiers).length > 1 ? " " + count(files) : "")).join(", ")},
    {key: "kept", title: t("Retention"), hint: t("A legal hold keeps a file whatever its age"), width: "minmax(120px, 1fr)", sort: row => row.heldFiles, descending: true, cell(row, cell) {
      put(cell, row.heldFiles > 0 ? h("span", {class: "pill good"}, t("{n} files held", {n: count(row.heldFiles)})) : h("span", {class: "muted"}, t("by age")));
    }}]});
  const box = h("div", {class: "body"});
  const retention = retentionPanel();
  const tiers = h("div", {class: "pad"});
  const stores = h("span", {class: "note"});
  return {
    elements: [h("section", {class: "panel", "aria-label": t("Where the files lie")}, h("header", {}, h("h2", {}, t("Where the files lie")), stores), tiers),
      h("section", {class: "panel"}, h("header", {}, h("h2", {}, t("Archive: bytes by table and trading day")), manifest), heat),
      h("section", {class: "panel fill tall"}, h("header", {class: "panel-head"}, h("h2", {}, t("Parquet files by table and trading day"))), small, box), retention.element],
    show(archive) {
      say(manifest, t("archive manifest {version}", {version: archive.manifestVersion}));
      say(stores, (archive.objectStores ?? []).join(", ") || t("no object store"));
      put(tiers, tierBar(archive));
      const days = archive.days;
      put(heat, days.length === 0 ? empty(t("Nothing is archived yet"), t("Rows are archived when a window of event time is complete.")) : heatmap(days));
      const files = days.reduce((sum, day) => sum + day.smallFiles, 0);
      small.hidden = files === 0;
      say(small, files === 0 ? "" : t("{n} of {all} files are smaller than 16 MiB, and their trading day has several: a query opens each of them. Merge them when the day is over.",
          {n: count(files), all: count(archive.files)}));
      if (days.length === 0) {
        put(box, empty(t("Nothing is archived yet")));
      } else {
        if (!list.element.isConnected) {
          put(box, list.element);
        }
        list.set(days);
      }
      retention.show(archive);
    },
    stop: () => list.stop(),
  };
}

/** What is held, what has left, and a dry run of letting go what is old. */
function retentionPanel() {
  const facts = h("div", {class: "stack"});
  const days = h("input", {type: "number", min: "1", max: "36500", value: String(USUAL_DAYS), id: "retention-days", required: true});
  const tables = h("select", {id: "retention-table"}, h("option", {value: ""}, t("every table")));
  const answer = h("div", {role: "status"});
  const form = h("form", {class: "bar", onsubmit(event) {
    event.preventDefault();
    plan();
  }}, h("label", {for: "retention-days"}, t("Trading days older than")), days, h("span", {}, t("days, of")), h("label", {class: "hidden", for: "retention-table"}, t("Table")), tables,
  h("button", {type: "submit"}, t("Dry run")));

  async function plan() {
    put(answer, loading());
    try {
      const found = await get(url("/v1/storage/retention", {"delete-after": days.value, table: tables.value || null}));
      put(answer, h("p", {}, t("{files} files with {rows} rows, {size}, would leave the archive; {held} older ones are held.",
          {files: count(found.files), rows: count(found.rows), size: bytes(found.bytes), held: count(found.heldFiles)})),
      found.days.length === 0 ? null : h("div", {class: "scroll"}, plainTable({label: t("Files that would leave"), rows: found.days, columns: [{title: t("Trading day"), text: row => row.tradingDay},
        {title: t("Table"), text: row => row.table}, {title: t("Files"), align: "right", text: row => count(row.files)}, {title: t("Rows"), align: "right", text: row => count(row.rows)},
        {title: t("Size"), align: "right", text: row => bytes(row.bytes)}]})),
      h("p", {class: "muted"}, t("The console lets nothing go. This does, with the archive and the checkpoints named:") + " ", h("code", {class: "mono"}, found.command)));
    } catch (e) {
      put(answer, failure(e));
    }
  }

  return {
    element: h("section", {class: "panel", "aria-label": t("Retention")}, h("header", {}, h("h2", {}, t("Retention"))), h("div", {class: "pad stack"}, facts,
        h("div", {}, h("h3", {}, t("What would go?")), form, answer))),
    show(archive) {
      const lines = [
        ...archive.legalHolds.map(hold => t("Held since {time} ({id}): {what} – {reason}", {time: time(Date.parse(hold.since)), id: hold.id,
          what: [hold.table, hold.instrument, hold.tradingDay].filter(Boolean).join(", ") || t("everything"), reason: hold.reason})),
        ...archive.retired.map(one => t("{n} files, {size}, left the archive since {time} ({reason}) and wait on the disk for the end of their grace time", {n: count(one.files), size: bytes(one.bytes),
          time: time(Date.parse(one.since)), reason: t(REASONS[one.reason])})),
        ...archive.expired.map(one => t("{n} rows of {table} were let go, up to trading day {day}", {n: count(one.rows), table: one.table, day: one.newestTradingDay}))];
      put(facts, lines.length === 0 ? h("p", {class: "muted"}, t("Nothing is held, and nothing has left the archive.")) : h("ul", {class: "facts"}, lines.map(line => h("li", {}, line))));
      const names = [...new Set(archive.days.map(day => day.table))];
      if (names.length + 1 !== tables.options.length) {
        put(tables, h("option", {value: ""}, t("every table")), names.map(name => h("option", {value: name}, name)));
      }
    },
  };
}

/** Tiers that have files, in the order of their way. */
function tiersOf({tiers}) {
  return Object.keys(TIERS).filter(tier => tiers?.[tier]).map(tier => [tier, tiers[tier]]);
}

/** Bytes by where they lie: a bar, and what its parts are. */
function tierBar(archive) {
  const found = tiersOf(archive);
  if (found.length === 0) {
    return empty(t("Nothing is archived yet"));
  }
  const all = found.reduce((sum, [, one]) => sum + one.bytes, 0);
  return [h("div", {class: "sumbar", role: "img", "aria-label": t("Bytes by where they lie")}, found.map(([tier, {bytes: size}]) => {
    const piece = h("i", {class: "tier-" + tier});
    piece.style.flexGrow = String(Math.max(size, all * .004));
    return piece;
  })), h("dl", {class: "sums"}, found.map(([tier, one]) => h("div", {}, h("dt", {}, h("i", {class: "dot tier-" + tier}), t(TIERS[tier])), h("dd", {}, bytes(one.bytes), " ",
      h("span", {class: "muted"}, t("{n} files", {n: count(one.files)}))))))];
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
