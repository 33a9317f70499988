// What the console takes of CodeMirror, in one module.
export {EditorState, Compartment, Prec} from "@codemirror/state";
export {EditorView, keymap, lineNumbers, drawSelection, highlightActiveLine, highlightSpecialChars, placeholder} from "@codemirror/view";
export {defaultKeymap, history, historyKeymap} from "@codemirror/commands";
export {autocompletion, completionKeymap, closeBrackets, closeBracketsKeymap} from "@codemirror/autocomplete";
export {bracketMatching, HighlightStyle, syntaxHighlighting} from "@codemirror/language";
export {sql, SQLDialect, PostgreSQL} from "@codemirror/lang-sql";
export {tags} from "@lezer/highlight";
