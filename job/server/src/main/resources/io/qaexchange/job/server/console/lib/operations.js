// Buttons for what takes long, for those who may; and how far it is. What can be reckoned before is said before: a dry run.

import {ask, get} from "./api.js";
import {h, put, say} from "./dom.js";
import {duration, time} from "./format.js";
import {t} from "./i18n.js";
import {failure, live, loading} from "./views.js";

const EVERY_MS = 2000;
const SHOWN = 5;

/**
 * A dialog that asks back. With a preview it says first what would be done, and only then can it be done.
 *
 * @returns dialog, which belongs into the document; ask({question, name, preview, then}): preview gives {shown, possible}
 */
export function confirmation() {
  const dialog = h("dialog", {"aria-label": t("Are you sure?")});
  return {dialog, ask({question, name, preview, then}) {
    const dry = preview ? h("div", {class: "preview", role: "status"}, h("strong", {}, t("Dry run")), loading()) : null;
    const go = h("button", {type: "button", class: "primary", disabled: preview !== undefined, onclick() {
      dialog.close();
      then();
    }}, name);
    put(dialog, h("p", {}, question), dry, h("div", {class: "bar"}, go, h("button", {type: "button", onclick: () => dialog.close()}, t("No"))));
    dialog.showModal();
    preview?.().then(({shown, possible}) => {
      put(dry, h("strong", {}, t("Dry run")), shown);
      go.disabled = !possible;
    }, problem => put(dry, failure(problem)));
  }};
}

/**
 * A panel with buttons.
 *
 * @param actions path (asked with POST, or method), name; sure: what is asked back before it is done; preview: what would be done
 */
export function operationsPanel(user, actions) {
  const allowed = user.role !== "reader";
  const message = h("p", {class: "muted", role: "status"});
  const list = h("div", {});
  const {dialog, ask: askBack} = confirmation();
  const buttons = actions.map(({path, name, sure, preview, method = "POST"}) => h("button", {type: "button", disabled: !allowed, title: allowed ? null : t("This needs the role operator"),
    onclick: () => sure ? askBack({question: sure, name, preview, then: () => act(path, method, name)}) : act(path, method, name)}, name));
  const element = h("section", {class: "panel", "aria-label": t("Actions")}, h("header", {}, h("h2", {}, t("Actions")),
      h("span", {class: "note"}, allowed ? t("each is noted in the audit log") : t("your role, {role}, may look only", {role: user.role}))),
      h("div", {class: "pad stack"}, h("div", {class: "bar"}, buttons), message, list), dialog);

  async function act(path, method, name) {
    say(message, t("{action}: asked for", {action: name}));
    try {
      const answer = await (await ask(path, {method})).json();
      say(message, t("{action}: started", {action: name}) + (answer.id ? " (" + t("operation {id}", {id: answer.id}) + ")" : ""));
      updates?.now();
    } catch (e) {
      say(message, name + ": " + e.message);
    }
  }

  const updates = !allowed ? null : live(list, {every: EVERY_MS, load: signal => get("/admin/operations", {signal}), show({operations}, body) {
    put(body, operations.length === 0 ? h("p", {class: "muted"}, t("Nothing was asked for since this server began.")) : operations.slice(0, SHOWN).map(operationLine));
  }});
  return {element, stop: () => updates?.stop()};
}

/** An operation: how far it is, who asked for it, what came of it. */
export function operationLine(one) {
  return h("div", {class: "operation"}, h("p", {}, h("span", {class: "pill " + (one.state === "DONE" ? "good" : one.state === "FAILED" ? "bad" : "warn")}, t(one.state.toLowerCase())), t(one.kind),
      h("span", {class: "muted"}, t("{user}, {time}, took {duration}", {user: one.user, time: time(one.startedMs), duration: duration((one.endedMs || Date.now()) - one.startedMs)}))),
  one.result ? h("span", {class: "mono"}, one.result) : null);
}
