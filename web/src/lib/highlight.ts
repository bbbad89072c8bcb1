export interface Part {
  text: string;
  hit: boolean;
}

/** Splits text at each occurrence (in any case) of one of the words. */
export function splitHits(text: string, words: readonly string[]): Part[] {
  const pattern = hitPattern(words);
  if (!pattern) return [{ text, hit: false }];
  const parts: Part[] = [];
  let last = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > last) parts.push({ text: text.slice(last, match.index), hit: false });
    parts.push({ text: match[0], hit: true });
    last = match.index + match[0].length;
  }
  if (last < text.length || parts.length === 0) parts.push({ text: text.slice(last), hit: false });
  return parts;
}

function hitPattern(words: readonly string[]): RegExp | null {
  const escaped = words
    .filter((word) => word !== "")
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return escaped.length > 0 ? new RegExp(escaped.join("|"), "gi") : null;
}
