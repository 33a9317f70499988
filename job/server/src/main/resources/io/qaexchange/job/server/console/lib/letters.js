// One dead letter: what it is about, its message decoded, and sending it again, repaired or as it was.

import {ask, get, url} from "./api.js";
import {h, put, say} from "./dom.js";
import {bytes, count, time} from "./format.js";
import {t} from "./i18n.js";
import {confirmation, operationLine} from "./operations.js";
import {failure, loading} from "./views.js";

const WAIT_S = 30;

/** Sends letters again, or says what would be sent. */
async function resend(which, {dryRun = false, repaired = null} = {}) {
  const parameters = dryRun ? {...which, "dry-run": true} : {...which, wait: WAIT_S};
  const response = await ask(url("/admin/dead-letters/resend", parameters), {method: "POST", body: repaired ?? undefined, headers: {"Content-Type": "application/octet-stream"}});
  return response.json();
}

/** What a dry run says. */
async function preview(which, repaired) {
  const found = await resend(which, {dryRun: true, repaired});
  return {possible: found.wouldBeSent > 0, shown: [
    h("p", {}, t("Would be sent again: {n}. Sent again earlier: {earlier}. Cannot be sent: {not}.", {n: count(found.wouldBeSent), earlier: count(found.sentEarlier), not: count(found.cannotBeSent)})),
    found.problems.length === 0 ? null : h("ul", {class: "problems"}, found.problems.map(problem => h("li", {class: "mono"}, problem))),
    found.message === null ? null : h("p", {class: found.message.isEvent ? "up" : "down"}, found.message.isEvent ? t("The repaired message is an event that the job can decode.")
        : t("The job would refuse the repaired message too: {problem}", {problem: found.message.problem}))]};
}

/**
 * A button that sends letters again, after a dry run.
 *
 * @param which gives the parameters that say which
 */
export function resendButton(user, {name, which, repaired = () => null, done}) {
  const allowed = user.role !== "reader";
  const {dialog, ask: askBack} = confirmation();
  const outcome = h("div", {class: "outcome", role: "status"});
  const button = h("button", {type: "button", disabled: !allowed, title: allowed ? null : t("This needs the role operator"), onclick: () => askBack({
    question: t("Each message is sent to where it lay, at most once. An event that is stored already is a duplicate and changes nothing."), name: t("Send again"),
    preview: () => preview(which(), repaired()), then: act})}, name);

  async function act() {
    put(outcome, loading());
    try {
      const operation = await resend(which(), {repaired: repaired()});
      put(outcome, operationLine(operation));
      if (operation.state === "DONE") {
        done();
      }
    } catch (e) {
      put(outcome, failure(e));
    }
  }

  return {element: h("span", {class: "bar"}, button, outcome), dialog, enable(possible) {
    button.disabled = !allowed || !possible;
  }};
}

/** A dialog with one letter. */
export function letterDialog(user, changed) {
  const body = h("div", {class: "stack"});
  const title = h("h2", {class: "mono"});
  const dialog = h("dialog", {class: "wide", "aria-label": t("Dead letter")}, h("div", {class: "bar"}, title, h("button", {type: "button", class: "end", onclick: () => dialog.close()}, t("Close"))), body);
  let wanted = null;

  async function open(position) {
    wanted = position;
    say(title, position);
    put(body, loading());
    if (!dialog.open) {
      dialog.showModal();
    }
    try {
      const letter = await get("/v1/dead-letters/" + encodeURIComponent(position));
      if (wanted === position) {
        put(body, letterOf(user, letter, () => {
          open(position);
          changed();
        }));
      }
    } catch (e) {
      put(body, failure(e));
    }
  }

  return {element: dialog, open, stop() {
    wanted = null;
    dialog.close();
  }};
}

function letterOf(user, letter, changed) {
  const facts = [[t("Reason"), t(letter.reason)], [t("Written"), time(Date.parse(letter.writtenAt))], [t("Time of the message"), letter.messageAt ? time(Date.parse(letter.messageAt)) : "–"],
    [t("Size"), bytes(letter.lengthBytes)], [t("Key"), letter.key ?? "–"], [t("Sent again"), letter.sentAgainAt ? time(Date.parse(letter.sentAgainAt)) : t("not yet")]];
  const text = h("textarea", {class: "mono", rows: "6", spellcheck: "false", "aria-label": t("Repaired message")}, letter.message.text ?? "");
  const original = text.value;
  const repaired = () => text.value === original ? null : text.value;
  const again = resendButton(user, {name: t("Send again"), which: () => ({position: letter.position}), repaired, done: changed});
  again.enable(!letter.sentAgainAt);
  return [h("p", {class: "detail"}, letter.detail), h("dl", {class: "sums"}, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    letter.headers.length === 0 ? null : h("dl", {class: "commands"}, letter.headers.map(header => h("div", {}, h("dt", {class: "mono"}, header.name), h("dd", {class: "mono muted"}, header.value)))),
    messageOf(letter.message),
    h("details", {}, h("summary", {}, t("Repair it, and send it again")), h("p", {class: "muted"}, letter.message.text === null
        ? t("The message is no text. What you write here is sent in its place.") : t("Change it, and what you wrote is sent; leave it, and the message is sent as it was.")), text),
    again.element, again.dialog];
}

/** The message as far as it can be decoded. */
function messageOf(message) {
  const how = message.isEvent ? t("An event that the job can decode; the store refused it.") : message.isJson ? t("JSON, but no event: {problem}", {problem: message.problem})
      : message.text !== null ? t("Text, but no event: {problem}", {problem: message.problem}) : t("Bytes, and no event: {problem}", {problem: message.problem});
  return h("section", {"aria-label": t("Message")}, h("p", {class: "muted"}, how), message.isCut ? h("p", {class: "stale"}, t("The letter has only the beginning of its message.")) : null,
      h("pre", {class: "plan message", tabindex: "0", "aria-label": t("Message")}, message.decoded ?? message.text ?? hexDump(message.hex)));
}

/** Sixteen bytes a line, with their characters. */
function hexDump(hex) {
  const lines = [];
  for (let at = 0; at < hex.length; at += 32) {
    const part = hex.slice(at, at + 32);
    const pairs = part.match(/../g);
    const characters = pairs.map(pair => parseInt(pair, 16)).map(code => code >= 32 && code < 127 ? String.fromCharCode(code) : ".").join("");
    lines.push((at / 2).toString(16).padStart(6, "0") + "  " + pairs.join(" ").padEnd(48) + " " + characters);
  }
  return lines.join("\n");
}
