// The lists of the ledger: accounts, positions, open orders, alerts, and figures that are not as reported.

import {get, url} from "./api.js";
import {h, put, say} from "./dom.js";
import {count, decimals, parseTime, time} from "./format.js";
import {icon} from "./icons.js";
import {t} from "./i18n.js";
import {table} from "./table.js";
import {empty, live} from "./views.js";

const EVERY_MS = 5000;
/** Alerts lie in files too, so each look is a query. */
const ALERTS_MS = 15_000;
const MOST_ALERTS = 1000;
const ALERTS = "SELECT event_time, trading_day, reason, instrument, account, order_id, trade_id, detail FROM ledger_alerts ORDER BY event_time DESC LIMIT " + MOST_ALERTS;
const money = value => value === null || value === undefined ? "–" : decimals(Number(value), 2);
const tone = value => Number(value) > 0 ? "up" : Number(value) < 0 ? "down" : "";
const toAccount = row => location.hash = "#/ledger/" + encodeURIComponent(row.account);

/** What a list asks for, how often, what it shows, and what it says without a row. */
const LISTS = [
  {key: "accounts", title: "Accounts", every: EVERY_MS, load: async signal => (await get("/v1/accounts", {signal})).accounts, columns: accountColumns, keyOf: row => row.account, sortBy: "account",
    onOpen: toAccount, missing: "The ledger has no account yet"},
  {key: "positions", title: "Positions", every: EVERY_MS, load: async signal => (await get("/v1/ledger/positions", {signal})).positions, columns: positionColumns,
    keyOf: row => row.instrument + " " + row.account, sortBy: "instrument", onOpen: toAccount, missing: "No account has a position"},
  {key: "orders", title: "Open orders", every: EVERY_MS, load: async signal => (await get("/v1/ledger/orders", {signal})).orders, columns: orderColumns, keyOf: row => row.instrument + " " + row.order_id,
    sortBy: "instrument", onOpen: toAccount, missing: "No order is open"},
  {key: "alerts", title: "Alerts", every: ALERTS_MS, load: async signal => await get(url("/v1/query", {format: "json", sql: ALERTS}), {signal}), columns: alertColumns, sortBy: "time", descending: true,
    keyOf: row => [row.event_time, row.reason, row.instrument, row.account, row.order_id, row.trade_id].join(" "), missing: "Everything fitted: there is no alert"},
  {key: "differences", title: "Differences", every: EVERY_MS, load: async signal => (await get("/v1/accounts", {signal})).accounts.flatMap(differencesOf), columns: differenceColumns,
    keyOf: row => row.account + " " + row.figure, sortBy: "difference", descending: true, onOpen: toAccount, missing: "Every account whose report is up to date is as reported"},
];

export function lists(panel) {
  const search = h("input", {type: "search", placeholder: t("Search"), "aria-label": t("Search"), oninput: () => shown?.filter()});
  const note = h("span", {class: "note", role: "status"});
  const tabs = h("div", {class: "segments", role: "group", "aria-label": t("List")}, LISTS.map(one => h("button", {type: "button", "aria-pressed": "false", onclick: () => choose(one)}, t(one.title))));
  const box = h("div", {class: "body"});
  put(panel, h("header", {class: "panel-head"}, tabs, h("span", {class: "searchbox"}, icon("search"), search), note), box);
  let shown = null;

  function choose(one) {
    shown?.stop();
    [...tabs.children].forEach((button, i) => button.setAttribute("aria-pressed", String(LISTS[i] === one)));
    search.value = "";
    say(note, "");
    shown = listOf(one, box, search, note);
  }

  choose(LISTS[0]);
  return {stop: () => shown.stop()};
}

function listOf(one, box, search, note) {
  const list = table({label: t(one.title), sortBy: one.sortBy, descending: one.descending, keyOf: one.keyOf, onOpen: one.onOpen, columns: one.columns()});
  let rows = [];

  function filter() {
    const wanted = search.value.trim().toLowerCase();
    const some = wanted === "" ? rows : rows.filter(row => [row.account, row.instrument, row.order_id, row.trade_id, row.reason].some(name => name?.toLowerCase().includes(wanted)));
    say(note, some.length === rows.length ? t("{n} rows", {n: count(rows.length)}) : t("{n} of {all} rows", {n: count(some.length), all: count(rows.length)}));
    list.set(some);
  }

  const updates = live(box, {every: one.every, load: one.load, show(found, body) {
    rows = found;
    if (rows.length === 0) {
      put(body, empty(t(one.missing)));
      say(note, "");
      return;
    }
    if (!list.element.isConnected) {
      put(body, list.element);
    }
    filter();
  }});
  return {filter, stop() {
    updates.stop();
    list.stop();
  }};
}

function amount(key, title, of = row => row[key]) {
  return {key, title, align: "right", width: "minmax(126px, 1fr)", sort: row => Number(of(row)), descending: true, cell(row, cell) {
    say(cell, money(of(row)));
    cell.className = "cell right " + (key.endsWith("profit") || key === "difference" ? tone(of(row)) : "");
  }};
}

function name(key, title, width) {
  return {key, title, width, full: true, sort: row => row[key] ?? "", text: row => row[key] ?? "–"};
}

function number(key, title) {
  return {key, title, align: "right", width: "minmax(84px, .7fr)", sort: row => row[key], descending: true, text: row => count(row[key])};
}

function accountColumns() {
  return [name("account", t("Account"), "minmax(104px, .7fr)"), amount("balance", t("Balance")), amount("money", t("Available")), amount("frozen", t("Frozen")), amount("margin", t("Margin")),
    amount("close_profit", t("Closed profit")), amount("float_profit", t("Open profit")), amount("commission", t("Commission")),
    {key: "risk", title: t("Risk"), align: "right", width: "82px", sort: row => row.risk_ratio, descending: true, text: row => row.risk_ratio === null ? "–" : decimals(row.risk_ratio * 100, 1) + " %"},
    {key: "report", title: t("Report"), width: "104px", sort: row => Object.keys(row.differences ?? {}).length, descending: true, cell(row, cell) {
      const differs = Object.keys(row.differences ?? {}).length > 0 && !row.report_outdated;
      put(cell, row.reported_at_ns === undefined ? h("span", {class: "muted"}, t("none")) : h("span", {class: "pill " + (differs ? "bad" : row.report_outdated ? "" : "good")},
          differs ? t("differs") : row.report_outdated ? t("outdated") : t("agrees")));
    }}];
}

function positionColumns() {
  return [name("instrument", t("Instrument"), "minmax(120px, 1fr)"), name("account", t("Account"), "minmax(84px, .7fr)"), number("volume_long", t("Long")), number("volume_short", t("Short")),
    amount("margin", t("Margin"), row => row.margin_long + row.margin_short), {key: "last", title: t("Last"), align: "right", width: "minmax(90px, .7fr)", sort: row => row.last_price, text: row => row.last_price ?? "–"},
    amount("float_profit", t("Open profit"), row => row.float_profit_long + row.float_profit_short)];
}

function orderColumns() {
  return [name("instrument", t("Instrument"), "minmax(120px, 1fr)"), name("order_id", t("Order"), "minmax(120px, 1fr)"), name("account", t("Account"), "minmax(84px, .7fr)"),
    name("direction", t("Direction"), "minmax(84px, .6fr)"), name("offset", t("Offset"), "minmax(84px, .6fr)"), {key: "price", title: t("Price"), align: "right", width: "minmax(90px, .7fr)", sort: row => row.price, text: row => String(row.price)},
    number("volume", t("Volume")), number("volume_left", t("Left")), amount("frozen_money", t("Frozen"))];
}

function alertColumns() {
  return [{key: "time", title: t("Event time"), width: "176px", sort: row => row.event_time, descending: true, text: row => time(parseTime(row.event_time))},
    {key: "reason", title: t("Reason"), width: "minmax(150px, .8fr)", sort: row => row.reason, cell: (row, cell) => put(cell, h("span", {class: "pill warn"}, t(row.reason.replaceAll("_", " "))))},
    name("instrument", t("Instrument"), "minmax(110px, .7fr)"), name("account", t("Account"), "minmax(84px, .6fr)"), name("order_id", t("Order"), "minmax(110px, .7fr)"),
    name("trade_id", t("Trade"), "minmax(100px, .6fr)"), name("detail", t("Detail"), "minmax(240px, 2.4fr)")];
}

function differencesOf(account) {
  return account.report_outdated ? [] : Object.entries(account.differences ?? {}).map(([figure, {reported, booked}]) =>
    ({account: account.account, figure, reported, booked, difference: Number(reported) - Number(booked), reportedAt: account.reported_at_ns / 1e6}));
}

function differenceColumns() {
  return [name("account", t("Account"), "minmax(84px, .7fr)"), {key: "figure", title: t("Figure"), width: "minmax(130px, 1fr)", sort: row => row.figure, text: row => t(row.figure.replaceAll("_", " "))},
    amount("reported", t("Reported")), amount("booked", t("Booked")), amount("difference", t("Difference")),
    {key: "at", title: t("Reported at"), width: "176px", sort: row => row.reportedAt, descending: true, text: row => time(row.reportedAt)}];
}
