import { memo } from "react";
import { hasAnsi, parseAnsi, type Span, type Tone } from "../lib/ansi";
import { splitHits } from "../lib/highlight";
import { cx } from "./cx";

const TONES: Record<Tone, string> = {
  muted: "text-muted",
  error: "text-error",
  ok: "text-ok",
  warn: "text-warn",
  info: "text-info",
  critical: "text-critical",
  accent: "text-accent",
};

/** The text of a line: ANSI colours as the page's own tones, search hits marked. It is never read as markup. */
export const LogText = memo(function LogText({ text, hits }: { text: string; hits: readonly string[] }) {
  if (!hasAnsi(text)) return <Hits text={text} hits={hits} />;
  return parseAnsi(text).map((span, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: spans have no identity but their place
    <span key={index} className={spanClass(span)}>
      <Hits text={span.text} hits={hits} />
    </span>
  ));
});

function Hits({ text, hits }: { text: string; hits: readonly string[] }) {
  if (hits.length === 0) return text;
  return splitHits(text, hits).map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
    part.hit ? <mark key={index}>{part.text}</mark> : part.text,
  );
}

function spanClass(span: Span): string {
  return cx(span.tone && TONES[span.tone], span.bold && "font-semibold", span.dim && "opacity-70");
}
