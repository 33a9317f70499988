// The plan of a query: what was pushed down to each table, which Parquet files are read, where the rows come from; then DuckDB's own plan.

import {h} from "./dom.js";
import {bytes, clockMs, count, date} from "./format.js";
import {t} from "./i18n.js";
import {plainTable} from "./table.js";

const REASONS = {day: "another trading day", time: "other event times", instrument: "other instruments"};

export function planView(plan) {
  return h("div", {class: "scroll plans stack", tabindex: "0", role: "region", "aria-label": t("Plan")},
      plan.notices.map(notice => h("p", {class: "stale"}, notice)),
      plan.tables.length === 0 ? h("p", {class: "muted"}, t("The query reads no table.")) : plan.tables.map(tableOf),
      h("section", {}, h("h3", {}, t("DuckDB's plan of what is left")), h("pre", {class: "plan"}, plan.plan)));
}

function tableOf(one) {
  return h("section", {class: "tableplan", "aria-label": t("Table {name}", {name: one.table})}, h("h3", {}, one.table), sources(one),
      h("dl", {class: "pushed"}, [[t("Columns read"), one.columns === null ? t("all") : one.columns.join(", ")], [t("Conditions pushed down"), conditions(one.conditions)]]
          .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {class: "mono"}, value)))),
      one.files.length === 0 ? h("p", {class: "muted"}, t("No Parquet file of this table is in the archive.")) : h("details", {}, h("summary", {},
          t("{read} of {all} Parquet files are read, {pruned} are pruned", {read: count(one.filesRead), all: count(one.filesRead + one.filesPruned), pruned: count(one.filesPruned)}) + reasons(one.prunedBy)),
      files(one)));
}

/** Hot rows beside cold ones as a bar, and what was left out. */
function sources(one) {
  const part = (kind, value) => {
    const piece = h("i", {class: kind});
    piece.style.flexGrow = String(value);
    return value > 0 ? piece : null;
  };
  const all = one.hotRows + one.coldRows + one.rowsPruned;
  return [h("div", {class: "sumbar sources", role: "img", "aria-label": t("Where the rows come from")}, all === 0 ? null : [part("hot", one.hotRows), part("cold", one.coldRows), part("left", one.rowsPruned)]),
    h("dl", {class: "sums"}, [["hot", t("hot rows, from the engine"), count(one.hotRows)], ["cold", t("cold rows, in files that are read"), count(one.coldRows) + " · " + bytes(one.bytesRead)],
      ["left", t("rows in files that are pruned"), count(one.rowsPruned) + " · " + bytes(one.bytesPruned)]]
        .map(([kind, name, value]) => h("div", {}, h("dt", {}, h("i", {class: "dot " + kind}), name), h("dd", {}, value))))];
}

function conditions({instruments, from, to, fromDay, toDay}) {
  const day = fromDay === toDay && fromDay !== undefined ? t("trading day {day}", {day: fromDay})
      : [fromDay && t("trading day from {day}", {day: fromDay}), toDay && t("trading day up to {day}", {day: toDay})].filter(Boolean).join(", ");
  const found = [instruments && t("instrument {names}", {names: instruments.join(", ")}), from && t("event time from {time}", {time: moment(from)}), to && t("event time up to {time}", {time: moment(to)}), day]
      .filter(Boolean);
  return found.length === 0 ? t("none: all rows are read") : found.join("; ");
}

/** To the millisecond: a condition on a time is pushed down a little wider than it is. */
function moment(text) {
  const ms = Date.parse(text);
  return date(ms) + " " + clockMs(ms);
}

function reasons(prunedBy) {
  const found = Object.entries(prunedBy).map(([reason, n]) => count(n) + " " + t(REASONS[reason]));
  return found.length === 0 ? "" : ": " + found.join(", ");
}

function files(one) {
  const right = {align: "right"};
  const left = one.filesRead + one.filesPruned - one.files.length;
  return [plainTable({label: t("Parquet files"), rows: one.files, columns: [
    {title: t("File"), class: "mono", text: file => file.path.replace(/^.*\//, "")}, {title: t("Trading day"), text: file => file.tradingDay}, {title: t("Rows"), ...right, text: file => count(file.rows)},
    {title: t("Size"), ...right, text: file => bytes(file.bytes)},
    {title: t("Read"), cell(file, cell) {
      cell.append(file.prunedBy === null ? h("span", {class: "pill good"}, t("read")) : h("span", {class: "pill"}, t("pruned: {reason}", {reason: t(REASONS[file.prunedBy])})));
    }}]}), left > 0 ? h("p", {class: "muted"}, t("and {n} more", {n: count(left)})) : null];
}
