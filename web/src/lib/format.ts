/** "0", "12,480", with thin grouping by the reader's locale kept to English for one look everywhere. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** Short counts for facets and axes: 950, "9.1k", "1.2M". */
export function formatShort(count: number): string {
  if (count < 1000) return String(Math.round(count * 10) / 10);
  for (const [size, unit] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (count >= size * 0.9995)
      return `${trimZero((count / size).toFixed(count < size * 9.995 ? 1 : 0))}${unit}`;
  }
  return formatCount(count);
}

/** "512 B", "1.9 MB" (powers of 1000). */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = "";
  for (const next of units) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${trimZero(value.toFixed(value < 10 ? 1 : 0))} ${unit}`;
}

/** "0.4/s", "41/s", "1.2k/s". */
export function formatRate(perSecond: number): string {
  if (perSecond > 0 && perSecond < 0.05) return "< 0.1/s";
  if (perSecond < 10) return `${trimZero(perSecond.toFixed(1))}/s`;
  return `${formatShort(Math.round(perSecond))}/s`;
}

/** "1 line", "2 lines", with the count grouped. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function trimZero(text: string): string {
  return text.replace(/\.0$/, "");
}
