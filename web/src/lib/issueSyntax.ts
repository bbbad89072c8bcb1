import { isFacet, onlyValues, withMark } from "../state/filters";
import { ISSUE_STATES, TAG, type View } from "../state/view";

/** Tags that need no "tag:" before them. */
const PLAIN_TAGS: readonly string[] = ["user", "release", "endpoint", "logger"];
/** Labels that issues are filtered by. */
const LABELS: readonly string[] = ["service", "env", "level", "host", "container"];

/** What of a search is a filter: "-name:value", the minus for what is left out, the value in quotes if it has spaces. */
const TOKEN = /(^|\s)(-?)(tag:[^\s=:"]+=|[a-z]+:)("[^"]*"|[^\s"]+)(?=\s|$)/g;

interface Filter {
  name: string;
  value: string;
  exclude: boolean;
}

/** True if a search has filters among its words. */
export function hasFilters(text: string): boolean {
  return split(text).filters.length > 0;
}

/** The view with the filters of a search, and the words that are left. */
export function readSearch(text: string, view: View): { view: View; words: string } {
  const { filters, words } = split(text);
  return { view: filters.reduce(withFilter, view), words };
}

function split(text: string): { filters: Filter[]; words: string } {
  const filters: Filter[] = [];
  const words = text.replace(TOKEN, (whole, before: string, minus: string, head: string, quoted: string) => {
    const filter = readFilter(head, quoted.replace(/^"|"$/g, ""), minus !== "");
    if (!filter) return whole;
    filters.push(filter);
    return before;
  });
  return { filters, words: words.replace(/\s+/g, " ").trim() };
}

function readFilter(head: string, value: string, exclude: boolean): Filter | null {
  if (value === "") return null;
  if (head.endsWith("!=")) return { name: nameOf(head.slice(TAG.length, -2)), value, exclude: !exclude };
  if (head.endsWith("=")) return { name: nameOf(head.slice(TAG.length, -1)), value, exclude };
  const name = head.slice(0, -1);
  const known = LABELS.includes(name) || PLAIN_TAGS.includes(name) || name === "frame" || name === "deploy";
  if (known) return { name: nameOf(name), value, exclude };
  if (exclude) return null;
  if (name === "assignee") return { name, value, exclude };
  return name === "state" && ISSUE_STATES.some((state) => state === value) ? { name, value, exclude } : null;
}

function nameOf(name: string): string {
  return isFacet(name) || name === "frame" || name === "deploy" ? name : TAG + name;
}

function withFilter(view: View, { name, value, exclude }: Filter): View {
  if (name === "state") {
    const states = ISSUE_STATES.filter((state) => state === value || view.states.includes(state));
    return { ...view, states };
  }
  if (name === "assignee") {
    const assignee = value === "nobody" ? "" : value;
    return { ...view, assignees: [...new Set([...view.assignees, assignee])] };
  }
  // There is one environment at a time: it is chosen above, too.
  if (name === "env" && !exclude) return onlyValues(view, "env", [value]);
  return withMark(view, name, value, exclude ? "exclude" : "include");
}
