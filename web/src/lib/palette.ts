/** Something that the palette can do. */
export interface Command {
  /** Unique among all that are offered at once. */
  id: string;
  group: string;
  title: string;
  /** What is found besides the title, and shown after it. */
  note?: string;
  /** The keys that do the same. */
  keys?: string;
  /** True for what was found by the whole text elsewhere: it is not matched again. */
  found?: boolean;
  run: () => void;
}

const SHOWN_OF_GROUP = 8;

/** The commands that have every word of the text, groups in the order given; those whose title begins with it first. */
export function matching(commands: readonly Command[], text: string): Command[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const ranked = new Map<string, { command: Command; rank: number }[]>();
  for (const command of commands) {
    const rank = rankOf(command, words);
    const group = ranked.get(command.group) ?? [];
    ranked.set(command.group, rank === null ? group : [...group, { command, rank }]);
  }
  return [...ranked.values()].flatMap((group) =>
    group
      .sort((a, b) => a.rank - b.rank)
      .slice(0, SHOWN_OF_GROUP)
      .map(({ command }) => command),
  );
}

/** 0 where the first word begins the title, 1 where it begins a word, 2 inside of one; null if a word is missing. */
function rankOf({ group, title, note, found }: Command, words: readonly string[]): number | null {
  const [first] = words;
  if (first === undefined || found) return 0;
  const head = title.toLowerCase();
  const all = `${head} ${note ?? ""} ${group}`.toLowerCase();
  if (!words.every((word) => all.includes(word))) return null;
  if (head.startsWith(first)) return 0;
  return head.includes(` ${first}`) ? 1 : 2;
}

/** True for a text that can be the id of a request: one word of eight characters or more with a digit in it. */
export function looksLikeId(text: string): boolean {
  return /^\S{8,200}$/.test(text) && /\d/.test(text);
}
