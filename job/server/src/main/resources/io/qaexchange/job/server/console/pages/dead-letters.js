// Refused messages: by reason, by instrument, each of them decoded, and sending them again.

import {get, url} from "../lib/api.js";
import {h, put, say} from "../lib/dom.js";
import {clock, count, decimals, time} from "../lib/format.js";
import {t} from "../lib/i18n.js";
import {letterDialog, resendButton} from "../lib/letters.js";
import {table} from "../lib/table.js";
import {latest} from "../lib/updates.js";
import {empty, live, stat} from "../lib/views.js";

const EVERY_MS = 3000;
/** The topic is read from its beginning for each answer. */
const LETTERS_MS = 10_000;
const MOST_LETTERS = 500;
const COMMANDS = [["bin/dead-letters count", "by reason, from the topic"], ["bin/dead-letters list", "position, time and reason of each"], ["bin/dead-letters show", "one message, decoded as far as it can be"],
  ["bin/dead-letters resend", "sends repaired messages again, each at most once"]];

export function open(main, {user}) {
  const top = h("div", {class: "letters-top"});
  const bottom = h("section", {class: "panel fill", "aria-label": t("Letters")});
  put(main, h("div", {class: "stack grow"}, top, bottom));
  let figures = null;
  const updates = live(top, {every: EVERY_MS, paths: ["/v1/status", "/v1/instruments"], async load(signal) {
    const [status, {instruments}] = await Promise.all([latest("/v1/status", {signal}), latest("/v1/instruments", {signal})]);
    return {status, instruments};
  }, show(data, body) {
    figures ??= buildFigures(body);
    figures.show(data);
  }});
  const letters = lettersPanel(bottom, user);
  return {stop() {
    updates.stop();
    figures?.stop();
    letters.stop();
  }};
}

function buildFigures(body) {
  const stats = {store: stat(t("Refused by the store"), t("Conflicts, too old, bad time")), decode: stat(t("Not decoded"), t("Garbage, wrong types, missing fields")), share: stat(t("Share of all messages")),
    cut: stat(t("Cut"), t("Letters whose value was cut to the size that the topic takes")), lost: stat(t("Not written"), t("Letters that the topic did not take"))};
  const reasons = h("div", {class: "pad", tabindex: "0", role: "region", "aria-label": t("By reason")});
  const list = table({label: t("By instrument"), sortBy: "deadLetters", descending: true, keyOf: row => row.instrument, columns: [
    {key: "instrument", title: t("Instrument"), width: "minmax(140px, 1fr)", sort: row => row.instrument, text: row => row.instrument},
    {key: "deadLetters", title: t("Dead letters"), align: "right", sort: row => row.deadLetters, descending: true, text: row => count(row.deadLetters)},
    {key: "duplicates", title: t("Duplicates"), align: "right", sort: row => row.duplicates, descending: true, text: row => count(row.duplicates)},
    {key: "share", title: t("of its events"), align: "right", sort: row => row.deadLetters / (row.storedRows + row.deadLetters), descending: true,
      text: row => decimals(row.deadLetters / Math.max(1, row.storedRows + row.deadLetters + row.duplicates) * 100, 2) + " %"}]});
  const box = h("div", {class: "body"});
  put(body, h("div", {class: "stack"}, h("dl", {class: "stats five"}, Object.values(stats).map(one => one.element)), h("div", {class: "grid-2"},
      h("section", {class: "panel low"}, h("header", {}, h("h2", {}, t("By reason")), h("span", {class: "note"}, t("since the tasks began"))), reasons),
      h("section", {class: "panel low"}, h("header", {class: "panel-head"}, h("h2", {}, t("By instrument")), h("span", {class: "note"}, t("refused by the store, over all attempts"))), box))));
  return {stop: () => list.stop(), show({status, instruments}) {
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

/** The letters themselves, from Kafka. */
function lettersPanel(panel, user) {
  const reason = h("select", {"aria-label": t("Reason"), onchange: () => updates.now()}, h("option", {value: ""}, t("every reason")));
  const note = h("span", {class: "note", role: "status"});
  const dialog = letterDialog(user, () => updates.now());
  const again = resendButton(user, {name: t("Send all of these again"), which: () => reason.value === "" ? {all: true} : {reason: reason.value}, done: () => updates.now()});
  const list = table({label: t("Letters"), keyOf: row => row.position, onOpen: row => dialog.open(row.position), sortBy: null, columns: [
    {key: "at", title: t("Written"), width: "176px", sort: row => row.writtenAt, descending: true, text: row => time(Date.parse(row.writtenAt))},
    {key: "reason", title: t("Reason"), width: "130px", sort: row => row.reason, text: row => t(row.reason)},
    {key: "position", title: t("Position"), hint: t("Where the message lay: topic, partition, offset"), width: "minmax(140px, .8fr)", class: "mono", sort: row => row.position, text: row => row.position},
    {key: "detail", title: t("Detail"), width: "minmax(220px, 2fr)", full: true, text: row => row.detail},
    {key: "bytes", title: t("Bytes"), align: "right", width: "80px", sort: row => row.lengthBytes, descending: true, text: row => count(row.lengthBytes)},
    {key: "sent", title: t("Sent again"), width: "116px", sort: row => row.sentAgainAt, cell(row, cell) {
      put(cell, row.sentAgainAt ? h("span", {class: "pill good", title: time(Date.parse(row.sentAgainAt))}, clock(Date.parse(row.sentAgainAt))) : h("span", {class: "muted"}, "–"));
    }},
    {key: "preview", title: t("Message"), width: "minmax(200px, 2fr)", class: "mono muted", text: row => row.preview}]});
  const box = h("div", {class: "body"});

  async function load(signal) {
    try {
      return await get(url("/v1/dead-letters", {limit: MOST_LETTERS, reason: reason.value || null}), {signal});
    } catch (e) {
      if (e.code === "no-kafka") {
        return {missing: e.message};
      }
      throw e;
    }
  }

  const updates = live(panel, {every: LETTERS_MS, load, show(found, body) {
    if (found.missing) {
      put(body, h("header", {class: "panel-head"}, h("h2", {}, t("Letters"))), withoutKafka(found.missing));
      return;
    }
    if (!box.isConnected) {
      put(body, h("header", {class: "panel-head"}, h("h2", {}, t("Letters")), reason, again.element, note), box, dialog.element, again.dialog);
    }
    showReasons(reason, found);
    say(note, t("{n} letters, {sent} sent again · {place}", {n: count(found.letters), sent: count(found.sentAgain), place: found.place})
        + (found.matching > found.newest.length ? " · " + t("the newest {n} are shown", {n: count(found.newest.length)}) : ""));
    again.enable(found.matching > 0);
    if (found.newest.length === 0) {
      put(box, empty(t("There is no dead letter"), t("Messages that are refused from now on appear here.")));
    } else {
      if (!list.element.isConnected) {
        put(box, list.element);
      }
      list.set(found.newest);
    }
  }});
  return {stop() {
    updates.stop();
    list.stop();
    dialog.stop();
  }};
}

function showReasons(select, found) {
  const options = [["", t("every reason")], ...found.reasons.map(one => [one.reason, t(one.reason) + " (" + count(one.letters) + ")"])];
  if (options.map(([value, text]) => value + text).join() !== [...select.options].map(option => option.value + option.textContent).join()) {
    const chosen = select.value;
    put(select, options.map(([value, text]) => h("option", {value, selected: value === chosen}, text)));
  }
}

function withoutKafka(reason) {
  return h("div", {class: "pad stack"}, h("div", {class: "state empty"}, h("strong", {}, t("The letters themselves are not shown here")), h("p", {}, reason)),
      h("div", {}, h("p", {class: "muted"}, t("On a machine that reaches Kafka:")),
          h("dl", {class: "commands"}, COMMANDS.map(([command, what]) => h("div", {}, h("dt", {class: "mono"}, command), h("dd", {class: "muted"}, t(what)))))));
}
