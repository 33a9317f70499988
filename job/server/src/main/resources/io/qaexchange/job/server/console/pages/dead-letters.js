// Refused messages: by reason, by instrument, and how to look at each.

import {get} from "../lib/api.js";
import {h, put, say} from "../lib/dom.js";
import {count, decimals, time} from "../lib/format.js";
import {t} from "../lib/i18n.js";
import {table} from "../lib/table.js";
import {empty, live, stat} from "../lib/views.js";

const EVERY_MS = 3000;
const COMMANDS = [["bin/dead-letters count", "by reason, from the topic"], ["bin/dead-letters list", "position, time and reason of each"], ["bin/dead-letters show", "one message, decoded as far as it can be"],
  ["bin/dead-letters resend", "sends repaired messages again, each at most once"]];

export function open(main) {
  const panel = h("div", {class: "grow"});
  put(main, panel);
  let show = null;
  let list = null;
  const updates = live(panel, {every: EVERY_MS, async load(signal) {
    const [status, {instruments}] = await Promise.all([get("/v1/status", {signal}), get("/v1/instruments", {signal})]);
    return {status, instruments};
  }, show(data, body) {
    if (show === null) {
      ({show, list} = build(body));
    }
    show(data);
  }});
  return {stop() {
    updates.stop();
    list?.stop();
  }};
}

function build(body) {
  const stats = {store: stat(t("Refused by the store"), t("Conflicts, too old, bad time")), decode: stat(t("Not decoded"), t("Garbage, wrong types, missing fields")), share: stat(t("Share of all messages")),
    cut: stat(t("Cut"), t("Letters whose value was cut to the size that the topic takes")), lost: stat(t("Not written"), t("Letters that the topic did not take"))};
  const reasons = h("div", {class: "pad"});
  const list = table({label: t("By instrument"), sortBy: "deadLetters", descending: true, keyOf: row => row.instrument, columns: [
    {key: "instrument", title: t("Instrument"), width: "minmax(140px, 1fr)", sort: row => row.instrument, text: row => row.instrument},
    {key: "deadLetters", title: t("Dead letters"), align: "right", sort: row => row.deadLetters, descending: true, text: row => count(row.deadLetters)},
    {key: "duplicates", title: t("Duplicates"), align: "right", sort: row => row.duplicates, descending: true, text: row => count(row.duplicates)},
    {key: "share", title: t("of its events"), align: "right", sort: row => row.deadLetters / (row.storedRows + row.deadLetters), descending: true,
      text: row => decimals(row.deadLetters / Math.max(1, row.storedRows + row.deadLetters + row.duplicates) * 100, 2) + " %"}]});
  const box = h("div", {class: "body"});
  put(body, h("div", {class: "stack grow"}, h("dl", {class: "stats five"}, Object.values(stats).map(one => one.element)), h("div", {class: "grid-2 grow"},
      h("div", {class: "stack"}, h("section", {class: "panel"}, h("header", {}, h("h2", {}, t("By reason")), h("span", {class: "note"}, t("since the tasks began"))), reasons),
          h("section", {class: "panel"}, h("header", {}, h("h2", {}, t("Look at the messages"))), h("div", {class: "pad"}, h("p", {class: "muted"},
              t("The messages are in the dead-letter topic of Kafka, which this server does not read. On a machine that reaches Kafka:")), h("dl", {class: "commands"}, COMMANDS.map(([command, what]) => h("div", {}, h("dt", {class: "mono"}, command), h("dd", {class: "muted"}, t(what)))))))),
      h("section", {class: "panel fill"}, h("header", {class: "panel-head"}, h("h2", {}, t("By instrument")), h("span", {class: "note"}, t("refused by the store, over all attempts"))), box))));
  return {list, show({status, instruments}) {
    const f = status.figures.byName;
    say(stats.store.value, count(f.deadLetters));
    say(stats.decode.value, count(f.refused));
    say(stats.share.value, f.consumed ? decimals(((f.deadLetters ?? 0) + (f.refused ?? 0)) / f.consumed * 100, 3) + " %" : "–");
    say(stats.cut.value, count(f.deadLettersCut));
    say(stats.lost.value, count(f.deadLettersNotWritten));
    const found = Object.entries(status.figures.byReason).sort((a, b) => b[1] - a[1]);
    put(reasons, found.length === 0 ? h("p", {class: "muted"}, t("None since the tasks began.")) : h("dl", {class: "meter"}, found.map(([reason, n]) => {
      const bar = h("i");
      bar.style.width = n / found[0][1] * 100 + "%";
      return h("div", {}, h("dt", {}, t(reason)), h("dd", {class: "track", "aria-hidden": "true"}, bar), h("dd", {class: "right"}, count(n)));
    })));
    const some = instruments.filter(one => one.deadLetters + one.duplicates > 0);
    if (some.length === 0) {
      put(box, empty(t("No event of any instrument was refused")));
    } else {
      if (!list.element.isConnected) {
        put(box, list.element);
      }
      list.set(some);
    }
  }};
}
