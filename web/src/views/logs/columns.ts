// The rows of the list are text of one width for each character: a column is a number of characters.

/** Widths of columns in characters, without the space after each. */
export const SERVICE_CHARS = 14;
export const COLUMN_CHARS = 16;

const CLOCK = "14:03:07.120  ";
const LEVEL = "ERR ";

/** Where the columns of fields begin, in characters. */
export const COLUMNS_START = CLOCK.length + LEVEL.length + SERVICE_CHARS + 1;

/** Where the message begins, in characters, with so many columns of fields before it. */
export function startOfMessage(columns: number): number {
  return COLUMNS_START + columns * (COLUMN_CHARS + 1);
}

/** The text in exactly so many characters: cut, or with spaces after it. */
export function padded(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, chars - 1)}…` : text.padEnd(chars);
}

/** True if the first letter with a direction belongs to a script that is written from right to left. */
export function isRightToLeft(text: string): boolean {
  const first = /[A-Za-z\u00c0-\u02b8\u0370-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.exec(text)?.[0] ?? "";
  return first >= "\u0590";
}
