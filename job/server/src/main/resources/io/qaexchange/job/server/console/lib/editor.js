// The editor of SQL: CodeMirror, in a shadow tree, where its styles are constructed sheets and need no exception from the policy.

import {autocompletion, bracketMatching, closeBrackets, closeBracketsKeymap, Compartment, completionKeymap, defaultKeymap, drawSelection, EditorState, EditorView,
  highlightSpecialChars, HighlightStyle, history, historyKeymap, keymap, lineNumbers, placeholder, PostgreSQL, Prec, sql, syntaxHighlighting, tags} from "../vendor/codemirror.js";
import {t} from "./i18n.js";

const theme = EditorView.theme({
  "&": {height: "100%", backgroundColor: "transparent", color: "var(--text)", fontSize: "13.5px"},
  "&.cm-focused": {outline: "none"},
  ".cm-scroller": {fontFamily: "var(--mono)", lineHeight: "1.55"},
  ".cm-content": {caretColor: "var(--text)", padding: "10px 0"},
  ".cm-cursor": {borderLeftColor: "var(--text)"},
  ".cm-gutters": {backgroundColor: "transparent", color: "var(--muted)", border: "none", paddingLeft: "6px"},
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {backgroundColor: "var(--accent-soft)"},
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {backgroundColor: "var(--accent-soft)", outline: "1px solid var(--line-strong)"},
  ".cm-placeholder": {color: "var(--muted)"},
  ".cm-tooltip": {backgroundColor: "var(--surface)", border: "1px solid var(--line-strong)", borderRadius: "6px", boxShadow: "0 6px 20px rgba(0, 0, 0, .18)"},
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {fontFamily: "var(--mono)", maxHeight: "14em"},
  ".cm-tooltip-autocomplete ul li[aria-selected]": {backgroundColor: "var(--accent-soft)", color: "var(--text)"},
  ".cm-completionDetail": {color: "var(--muted)", fontStyle: "normal", marginLeft: "1em"},
});

const colors = HighlightStyle.define([
  {tag: [tags.keyword, tags.operatorKeyword], color: "var(--accent)", fontWeight: "600"},
  {tag: [tags.string, tags.special(tags.string)], color: "var(--good)"},
  {tag: [tags.number, tags.bool, tags.null], color: "var(--warn)"},
  {tag: [tags.lineComment, tags.blockComment], color: "var(--muted)", fontStyle: "italic"},
  {tag: [tags.typeName, tags.standard(tags.name)], color: "var(--cold)"},
]);

/**
 * An editor.
 *
 * @param onRun called on Ctrl-Enter
 * @param onChange called with the text
 */
export function editor(host, {text, onRun, onChange}) {
  const root = host.attachShadow({mode: "open"});
  const language = new Compartment();
  const view = new EditorView({root, parent: root, state: EditorState.create({doc: text, extensions: [
    Prec.highest(keymap.of([{key: "Mod-Enter", run() {
      onRun();
      return true;
    }}])),
    lineNumbers(), highlightSpecialChars(), history(), drawSelection(), bracketMatching(), closeBrackets(), autocompletion({icons: false}),
    // Tab leaves the editor, as in any other field: whoever uses the keyboard alone must get out.
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
    language.of(sql({dialect: PostgreSQL, upperCaseKeywords: true})), syntaxHighlighting(colors), theme, EditorView.lineWrapping,
    placeholder("SELECT …"), EditorView.contentAttributes.of({"aria-label": t("SQL statement"), spellcheck: "false", autocorrect: "off"}),
    EditorView.updateListener.of(update => update.docChanged && onChange(update.state.doc.toString())),
  ]})});
  // As tall as the host, which the user may resize.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":host { display: block; height: 100%; }");
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  return {
    text() {
      const {from, to} = view.state.selection.main;
      return from === to ? view.state.doc.toString() : view.state.sliceDoc(from, to);
    },
    set(other) {
      view.dispatch({changes: {from: 0, to: view.state.doc.length, insert: other}, selection: {anchor: other.length}});
    },
    insert(words) {
      view.dispatch(view.state.replaceSelection(words));
      view.focus();
    },
    /** Completes tables and their columns, and macros. */
    complete(columns, macros) {
      const schema = {};
      for (const [table, types] of Object.entries(columns)) {
        schema[table] = Object.entries(types).map(([label, detail]) => ({label, detail, type: "property"}));
      }
      const functions = macros.map(signature => ({label: signature.slice(0, signature.indexOf("(")), detail: signature.slice(signature.indexOf("(")), type: "function"}));
      const support = sql({dialect: PostgreSQL, upperCaseKeywords: true, schema});
      view.dispatch({effects: language.reconfigure([support, PostgreSQL.language.data.of({autocomplete: context => {
        const word = context.matchBefore(/\w+/);
        return word === null && !context.explicit ? null : {from: word?.from ?? context.pos, options: functions};
      }})])});
    },
    focus: () => view.focus(),
    stop: () => view.destroy(),
  };
}
