// Queries that run, and those that have ended: how long they took, what became of them.

import {ask} from "../lib/api.js";
import {h, put, say} from "../lib/dom.js";
import {count, duration, time} from "../lib/format.js";
import {t} from "../lib/i18n.js";
import {plainTable, table} from "../lib/table.js";
import {latest} from "../lib/updates.js";
import {empty, live} from "../lib/views.js";

const EVERY_MS = 1500;
const FILTERS = [["all", "all"], ["slow", "slower than 1 s"], ["FAILED", "failed"], ["CANCELLED", "cancelled"], ["REFUSED", "refused"]];
const SLOW_MS = 1000;
const TONES = {DONE: "good", FAILED: "bad", CANCELLED: "warn", REFUSED: "warn"};

export function open(main, {user}) {
  const running = h("section", {class: "panel", "aria-label": t("Running now")});
  const ended = h("section", {class: "panel fill", "aria-label": t("Ended")});
  put(main, running, ended);
  const message = h("p", {class: "muted", role: "status"});
  const mayCancel = query => user.role !== "reader" || query.user === user.name;

  const now = live(running, {every: EVERY_MS, paths: ["/v1/queries"], load: signal => latest("/v1/queries", {signal}), show(queries, body) {
    put(body, h("header", {class: "panel-head"}, h("h2", {}, t("Running now")), h("span", {class: "note"}, t("{n} queries", {n: count(queries.length)}))),
        queries.length === 0 ? h("p", {class: "pad muted"}, t("No query runs.")) : plainTable({label: t("Running now"), rows: queries, columns: [
          {title: t("User"), text: query => query.user}, {title: t("Running for"), align: "right", text: query => duration(Date.now() - Date.parse(query.began))},
          {title: t("Statement"), class: "mono clip", cell: (query, cell) => {
            say(cell, query.sql.replace(/\s+/g, " "));
            cell.title = query.sql;
          }},
          {title: "", align: "right", cell: (query, cell) => put(cell, h("button", {type: "button", class: "danger", disabled: !mayCancel(query),
            title: mayCancel(query) ? null : t("Only operators cancel queries of others"), onclick: () => cancel(query)}, t("Cancel")))}]}), message);
  }});

  async function cancel(query) {
    try {
      await ask("/v1/queries/" + query.id, {method: "DELETE"});
      say(message, t("Query {id} was cancelled.", {id: query.id}));
    } catch (e) {
      say(message, e.message);
    }
    now.now();
  }

  let filter = "all";
  let all = [];
  const list = table({label: t("Ended"), columns: [
    {key: "began", title: t("Began"), width: "176px", sort: row => row.began, descending: true, text: row => time(Date.parse(row.began))},
    {key: "user", title: t("User"), width: "110px", sort: row => row.user, text: row => row.user},
    {key: "ms", title: t("Took"), width: "100px", align: "right", sort: row => row.ms, descending: true, text: row => duration(row.ms)},
    {key: "outcome", title: t("Outcome"), width: "130px", sort: row => row.outcome, cell(row, cell) {
      put(cell, h("span", {class: "pill " + TONES[row.outcome]}, t(row.outcome.toLowerCase())));
    }},
    {key: "sql", title: t("Statement"), width: "minmax(260px, 3fr)", class: "mono", full: true, text: row => row.sql.replace(/\s+/g, " ")},
    {key: "reason", title: t("Reason"), width: "minmax(180px, 2fr)", class: "muted", full: true, text: row => row.reason.replace(/\s+/g, " ")}]});
  const note = h("span", {class: "note"});
  const buttons = h("div", {class: "segments", role: "group", "aria-label": t("Which")}, FILTERS.map(([key, name]) => h("button", {type: "button", "aria-pressed": String(key === filter), onclick(event) {
    filter = key;
    buttons.querySelectorAll("button").forEach(button => button.setAttribute("aria-pressed", String(button === event.currentTarget)));
    showEnded();
  }}, t(name))));
  const box = h("div", {class: "body"});

  function showEnded() {
    const shown = all.filter(query => filter === "all" || (filter === "slow" ? query.ms > SLOW_MS : query.outcome === filter));
    say(note, t("{n} of the last {all}", {n: count(shown.length), all: count(all.length)}));
    if (shown.length === 0) {
      put(box, empty(all.length === 0 ? t("No query has ended since this server began") : t("None of the last queries is such a one")));
    } else {
      if (!list.element.isConnected) {
        put(box, list.element);
      }
      list.set(shown);
    }
  }

  const past = live(ended, {every: EVERY_MS * 2, paths: ["/v1/queries/ended"], load: signal => latest("/v1/queries/ended", {signal}), show({queries}, body) {
    all = queries;
    if (!buttons.isConnected) {
      put(body, h("header", {class: "panel-head"}, h("h2", {}, t("Ended")), buttons, note), box);
    }
    showEnded();
  }});
  return {stop() {
    now.stop();
    past.stop();
    list.stop();
  }};
}
