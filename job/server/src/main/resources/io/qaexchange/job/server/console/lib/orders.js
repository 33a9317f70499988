// The newest orders of an instrument, each with its newest state.

import {get, url} from "./api.js";
import {h, put} from "./dom.js";
import {clock, count, decimals, parseTime, time} from "./format.js";
import {t} from "./i18n.js";
import {empty, live} from "./views.js";

const EVERY_MS = 2000;
const SHOWN = 60;
/** An order has several updates. */
const UPDATES = 400;
const OVER = new Set(["FILLED", "CANCELLED", "PARTIALLY_CANCELLED", "REJECTED"]);

/** Shows orders in a box while they are watched. */
export function ordersOf(id, box, {digits, zone}) {
  let updates = null;
  const load = async signal => {
    const [orders, changes] = await Promise.all([get(url("/v1/rows/order_insert", {instrument: id, limit: SHOWN}), {signal}),
      get(url("/v1/rows/order_update", {instrument: id, limit: UPDATES}), {signal})]);
    const newest = new Map();
    changes.forEach(change => newest.has(change.order_id) || newest.set(change.order_id, change));
    return orders.map(order => ({...order, state: newest.get(order.order_id)}));
  };
  const show = (orders, body) => put(body, orders.length === 0 ? empty(t("No order of this instrument is stored")) : h("table", {}, h("caption", {class: "hidden"}, t("Orders")),
      h("thead", {}, h("tr", {}, [t("Time"), t("Side"), t("Price"), t("Left"), t("State")].map(name => h("th", {scope: "col"}, name)))), h("tbody", {}, orders.map(line))));

  function line(order) {
    const ms = parseTime(order.event_time);
    const buys = order.direction === "BUY";
    const status = order.state?.status ?? "SENT";
    const left = order.state ? order.state.volume_left ?? (OVER.has(status) ? 0 : order.volume) : order.volume;
    return h("tr", {title: [order.order_id, order.account, time(ms, zone), order.offset, t("{left} of {volume} left", {left: count(left), volume: count(order.volume)})].filter(Boolean).join(" · ")},
        h("td", {}, clock(ms, zone)), h("td", {class: buys ? "up" : "down"}, buys ? t("buy") : t("sell")), h("td", {}, decimals(order.price, digits)), h("td", {}, count(left) + "/" + count(order.volume)),
        h("td", {class: "muted"}, t(status.toLowerCase().replace("_", " "))));
  }

  return {watch(on) {
    updates?.stop();
    updates = on ? live(box, {every: EVERY_MS, load, show}) : null;
  }};
}
