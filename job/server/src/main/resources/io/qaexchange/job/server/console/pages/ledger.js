// The ledger as of the last Flink checkpoint: whether everything adds up, and one account.

import {get} from "../lib/api.js";
import {h, put, say} from "../lib/dom.js";
import {count, decimals, short} from "../lib/format.js";
import {icon} from "../lib/icons.js";
import {t} from "../lib/i18n.js";
import {lists} from "../lib/ledgerlists.js";
import {plainTable} from "../lib/table.js";
import {latest} from "../lib/updates.js";
import {live, stat} from "../lib/views.js";

const EVERY_MS = 5000;
const money = value => value === null || value === undefined ? "–" : decimals(Number(value), 2);
const tone = value => Number(value) > 0 ? "up" : Number(value) < 0 ? "down" : "";

export function open(main, {rest, title}) {
  return rest[0] ? account(main, rest[0], title) : all(main);
}

function all(main) {
  const sums = h("div", {class: "sumsbox"});
  const panel = h("section", {class: "panel fill", "aria-label": t("Ledger")});
  put(main, sums, panel);
  let show = null;
  const top = live(sums, {every: EVERY_MS, paths: ["/v1/ledger"], load: signal => latest("/v1/ledger", {signal}), show(ledger, body) {
    show ??= buildSums(body);
    show(ledger);
  }});
  const bottom = lists(panel);
  return {stop() {
    top.stop();
    bottom.stop();
  }};
}

function buildSums(body) {
  const verdict = h("section", {class: "panel verdict"});
  const stats = {in: stat(t("Money in"), t("Opened with, deposits less withdrawals")), accounts: stat(t("Accounts")), positions: stat(t("Positions")), orders: stat(t("Open orders")),
    waiting: stat(t("Waiting trades"), t("Trades whose order has not come yet")), alerts: stat(t("Alerts")), reports: stat(t("Reports compared"))};
  const problems = h("div", {class: "alerts"});
  put(body, h("div", {class: "stack"}, verdict, problems, h("dl", {class: "stats seven"}, Object.values(stats).map(one => one.element))));
  return ledger => {
    put(verdict, h("span", {class: "light " + (ledger.adds_up ? "good" : "bad"), "aria-hidden": "true"}), h("div", {},
        h("strong", {}, ledger.adds_up ? t("The accounts add up to the last millionth") : t("The accounts do not add up")),
        h("p", {class: "muted"}, t("money {money} + frozen {frozen} + margin {margin} − closed profit {profit} + commission {commission} = {sum}",
            {money: money(ledger.money), frozen: money(ledger.frozen), margin: money(ledger.margin), profit: money(ledger.close_profit), commission: money(ledger.commission), sum: money(ledger.accounted_for)}))),
        h("span", {class: "muted jobid"}, t("checkpoint {id}", {id: ledger.checkpoint})));
    const differing = ledger.accounts_not_as_reported;
    put(problems, ledger.problems.map(problem => h("div", {class: "alert bad"}, problem)), differing === 0 ? null : h("div", {class: "alert warn"},
        t("{n} of {all} accounts whose report is up to date are not as reported: the list Differences names figure and amounts.", {n: count(differing), all: count(ledger.accounts_reported)})));
    problems.hidden = problems.childElementCount === 0;
    say(stats.in.value, short(Number(ledger.money_in)));
    stats.in.value.title = money(ledger.money_in);
    say(stats.in.note, t("accounted for"));
    say(stats.accounts.value, count(ledger.accounts));
    say(stats.positions.value, count(ledger.positions));
    say(stats.orders.value, count(ledger.orders));
    say(stats.waiting.value, count(ledger.waiting_trades));
    const alerts = Object.entries(ledger.alerts);
    say(stats.alerts.value, count(alerts.reduce((sum, [, n]) => sum + n, 0)));
    say(stats.alerts.note, alerts.map(([reason, n]) => n + " " + reason).join(", "));
    stats.alerts.note.title = stats.alerts.note.textContent;
    say(stats.reports.value, count(ledger.reports));
    say(stats.reports.note, t("{n} differ", {n: count(ledger.report_differences)}));
  };
}

function account(main, id, title) {
  put(title, h("a", {href: "#/ledger"}, icon("back"), t("Ledger")), h("span", {}, id));
  document.title = id + " · QAExchange";
  const panel = h("div", {});
  put(main, panel);
  return live(panel, {every: EVERY_MS, load: signal => get("/v1/accounts/" + encodeURIComponent(id), {signal}), show(found, body) {
    const figures = [["balance", t("Balance")], ["money", t("Available")], ["frozen", t("Frozen")], ["margin", t("Margin")], ["deposit", t("Deposits")], ["withdraw", t("Withdrawals")],
      ["close_profit", t("Closed profit")], ["float_profit", t("Open profit")], ["commission", t("Commission")]];
    const right = {align: "right"};
    put(body, h("div", {class: "stack"}, h("dl", {class: "stats"}, figures.map(([key, name]) => h("div", {class: "stat"}, h("dt", {}, name), h("dd", {class: key.endsWith("profit") ? tone(found[key]) : null}, money(found[key]))))),
        h("section", {class: "panel"}, h("header", {}, h("h2", {}, t("Positions")), h("span", {class: "note"}, t("as of checkpoint {id}, trading day {day}", {id: found.checkpoint, day: found.trading_day}))),
            found.positions.length === 0 ? h("p", {class: "pad muted"}, t("No position.")) : h("div", {class: "scroll"}, plainTable({label: t("Positions"), rows: found.positions, columns: [
              {title: t("Instrument"), cell: (p, cell) => put(cell, h("a", {href: "#/market/" + encodeURIComponent(p.instrument)}, p.instrument))},
              {title: t("Long"), ...right, text: p => count(p.volume_long)}, {title: t("of it today"), ...right, text: p => count(p.volume_long_today)}, {title: t("Short"), ...right, text: p => count(p.volume_short)},
              {title: t("of it today"), ...right, text: p => count(p.volume_short_today)}, {title: t("Margin"), ...right, text: p => money(p.margin_long + p.margin_short)},
              {title: t("Last"), ...right, text: p => p.last_price ?? "–"}, {title: t("Open profit"), ...right, cell: (p, cell) => {
                say(cell, money(p.float_profit_long + p.float_profit_short));
                cell.classList.add(tone(p.float_profit_long + p.float_profit_short) || "none");
              }}]}))),
        h("section", {class: "panel"}, h("header", {}, h("h2", {}, t("Open orders"))), found.orders.length === 0 ? h("p", {class: "pad muted"}, t("No open order.")) : h("div", {class: "scroll"}, plainTable({label: t("Open orders"), rows: found.orders, columns: [
          {title: t("Order"), class: "mono", text: o => o.order_id}, {title: t("Instrument"), text: o => o.instrument}, {title: t("Direction"), text: o => o.direction}, {title: t("Offset"), text: o => o.offset},
          {title: t("Price"), ...right, text: o => o.price}, {title: t("Volume"), ...right, text: o => count(o.volume)}, {title: t("Left"), ...right, text: o => count(o.volume_left)}, {title: t("Frozen"), ...right, text: o => money(o.frozen_money)}]})))));
  }});
}
