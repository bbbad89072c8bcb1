/** What a pattern's filter looks for, for people: its fixed words, with … where it varies. */
export function patternName(filter: string): string {
  const text = filter.slice(2);
  return (filter[1] === ">" ? text.replaceAll("<_>", "…") : expressionName(text))
    .replace(/^…?"\w+":\s*"/, "")
    .replace(/"?…?$/, (end) => (end.startsWith('"') ? "" : end))
    .replace(/\s+/g, " ")
    .trim();
}

// The expressions of patterns are of few parts.
function expressionName(text: string): string {
  return text
    .replace(/^\(\?s\)(\(\?:)?\^?/, "")
    .replace(/\\s\*\(\?:(\\n\|\$|"\|\\\\n)\).*$/s, "")
    .replace(/\(\?:(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)[*+]?\??/g, "…")
    .replace(/\\s[*+]/g, " ")
    .replace(/\[\^\\n\]\*\?|\\S\+(?:…?\{0,8\}\??)?/g, "…")
    .replace(/…\{0,8\}\??/g, "…")
    .replace(/…+/g, "…")
    .replace(/\\(.)/g, "$1");
}
