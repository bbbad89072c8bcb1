import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** The editor in the page's colours, whose custom properties reach into a shadow root. */
export const logqlTheme: Extension = [
  EditorView.theme({
    "&": { minWidth: "0" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "inherit", lineHeight: "inherit", maxHeight: "10rem" },
    ".cm-content": { padding: "0 2rem", caretColor: "var(--text)" },
    ".cm-line": { padding: "0" },
    ".cm-tooltip": {
      border: "1px solid var(--line)",
      borderRadius: "6px",
      overflow: "hidden",
      background: "var(--panel)",
      color: "var(--text)",
      boxShadow: "0 8px 28px var(--shadow)",
    },
    ".cm-tooltip.cm-tooltip-autocomplete > ul": {
      fontFamily: "inherit",
      lineHeight: "1.25rem",
      maxHeight: "16rem",
      maxWidth: "min(34rem, 94vw)",
      minWidth: "min(12rem, 94vw)",
    },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
      display: "flex",
      gap: "1rem",
      justifyContent: "space-between",
      padding: "3px 10px",
    },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
      background: "var(--select)",
      color: "inherit",
    },
    ".cm-completionLabel": { overflow: "hidden", textOverflow: "ellipsis" },
    ".cm-completionDetail": { fontFamily: "var(--font-sans)", fontStyle: "normal", color: "var(--muted)" },
    ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent)", fontWeight: "600" },
  }),
  syntaxHighlighting(
    HighlightStyle.define([
      { tag: tags.comment, color: "var(--muted)" },
      { tag: tags.propertyName, color: "var(--level-info)" },
      { tag: tags.string, color: "var(--ok)" },
      { tag: tags.number, color: "var(--level-warn)" },
      { tag: tags.operator, color: "var(--muted)" },
      { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
    ]),
  ),
];
