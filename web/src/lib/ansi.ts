/** A run of text with one look. `tone` is the name of a class suffix, not a colour. */
export interface Span {
  text: string;
  tone: Tone | null;
  bold: boolean;
  dim: boolean;
}

export type Tone = "muted" | "error" | "ok" | "warn" | "info" | "critical" | "accent";

// The 8 ANSI colours, by what programs mean with them; black and white are the text's own colour,
// so that both surfaces stay readable.
const TONES: readonly (Tone | null)[] = [null, "error", "ok", "warn", "info", "critical", "accent", null];

// Control sequences (CSI), operating system commands (OSC), and other escapes.
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are control characters
  /\u001b\[([0-?]*)[ -/]*([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[@-Z\\-_]?/g;

/** True if the text has an escape character, so that callers skip the parser for plain lines. */
export function hasAnsi(text: string): boolean {
  return text.includes("\u001b");
}

/** The text without any escape sequence. */
export function stripAnsi(text: string): string {
  return hasAnsi(text) ? text.replace(ESCAPES, "") : text;
}

/**
 * Splits a line into spans by its SGR colour sequences; every other escape
 * sequence is removed. The result holds text only, never markup.
 */
export function parseAnsi(text: string): Span[] {
  const spans: Span[] = [];
  let style = plain();
  let last = 0;
  for (const match of text.matchAll(ESCAPES)) {
    push(spans, text.slice(last, match.index), style);
    last = match.index + match[0].length;
    if (match[2] === "m" && !/[<=>?]/.test(match[1] ?? "")) style = applySgr(style, match[1] ?? "");
  }
  push(spans, text.slice(last), style);
  return spans;
}

type Style = Omit<Span, "text">;

function plain(): Style {
  return { tone: null, bold: false, dim: false };
}

function push(spans: Span[], text: string, style: Style): void {
  if (text !== "") spans.push({ text, ...style });
}

function applySgr(style: Style, params: string): Style {
  const codes = params.split(/[;:]/).map((code) => Number(code || "0"));
  let next = { ...style };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 38 || code === 48) {
      // An extended colour takes 2 or 4 numbers more; it has no meaning in our tones.
      i += codes[i + 1] === 5 ? 2 : 4;
      continue;
    }
    next = applyCode(next, code);
  }
  return next;
}

function applyCode(style: Style, code: number): Style {
  if (code === 0) return plain();
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 39) return { ...style, tone: null };
  if (code === 90) return { ...style, tone: "muted" };
  if (code >= 30 && code <= 37) return { ...style, tone: TONES[code - 30] ?? null };
  if (code >= 91 && code <= 97) return { ...style, tone: TONES[code - 90] ?? null };
  return style;
}
