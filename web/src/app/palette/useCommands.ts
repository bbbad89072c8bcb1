import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { useIssueSearch } from "../../api/issues";
import { useLabels } from "../../api/queries";
import { useSearches } from "../../api/searches";
import type { Session } from "../../api/types";
import { formatShort } from "../../lib/format";
import { type Command, looksLikeId } from "../../lib/palette";
import { searchLink } from "../../lib/searches";
import { describeDuration, formatClock, formatSecond, zoneMark } from "../../lib/time";
import { typedRange } from "../../lib/typedRange";
import { useAnchor } from "../../state/anchor";
import { allLines, isErrorsOnly, onlyValues, toggleErrors, withTail } from "../../state/filters";
import { useTheme } from "../../state/theme";
import { linkTo, useView } from "../../state/useView";
import type { TimeRange, View } from "../../state/view";
import { useZone } from "../../state/zone";
import { PRESETS } from "../presets";
import {
  controlsOf,
  HAVE_LEVELS,
  ISSUES,
  issuePath,
  LINES,
  NOTIFICATIONS,
  ROUTES,
  SNAPSHOTS,
  STORY,
  USAGE,
} from "../routes";
import { useReload } from "../useReload";

/** Everything that the palette can do now; `text` is looked for among issues, and as an id or words of lines. */
export function useCommands(text: string, session: Session, dialogs: Dialogs): Command[] {
  const { view } = useView();
  const [, navigate] = useLocation();
  const go = (path: string, next: View = withTail(view, false)) => navigate(linkTo(path, next));
  const lookFor = ofText(text, view, go);
  const ranges = useRangeCommands(text);
  const commands = [
    ...ranges.filter(({ found }) => found),
    ...usePlaces(session, go),
    ...useSavedCommands(),
    ...useIssueCommands(text, go),
    ...useServiceCommands(view, go),
    ...useEnvCommands(),
    ...ranges.filter(({ found }) => !found),
    ...useActions(dialogs),
  ];
  return looksLikeId(text) && !ranges.some(({ found }) => found)
    ? [...lookFor, ...commands]
    : [...commands, ...lookFor];
}

/** How many issues are looked for, from how many characters on, and how long nothing may be typed before. */
const ISSUES_FOUND = 5;
const LEAST = 2;
const SETTLE_MS = 200;

interface Dialogs {
  onHelp: () => void;
  onShare: () => void;
  onSearches: () => void;
}

type Go = (path: string, next?: View) => void;

function ofText(text: string, view: View, go: Go): Command[] {
  if (text === "") return [];
  const bare = allLines(withTail(view, false));
  const story: Command = {
    id: "story",
    group: "Look for",
    title: `The story of request ${text}`,
    run: () => go(STORY, { ...bare, request: text }),
  };
  const words = { ...bare, q: [text] };
  return [
    ...(looksLikeId(text) ? [story] : []),
    { id: "lines", group: "Look for", title: `Lines with “${text}”`, run: () => go(LINES.path, words) },
    { id: "issues", group: "Look for", title: `Issues with “${text}”`, run: () => go(ISSUES.path, words) },
  ];
}

function usePlaces(session: Session, go: Go): Command[] {
  const group = "Go to";
  return [
    ...[...ROUTES, USAGE].map(({ path, name, key }) => ({
      id: path,
      group,
      title: name,
      keys: `g ${key}`,
      run: () => go(path),
    })),
    { id: STORY, group, title: "Story of a request", run: () => go(STORY) },
    { id: SNAPSHOTS, group, title: "Snapshots", note: "frozen", run: () => go(SNAPSHOTS) },
    ...(session.user.role === "admin"
      ? [{ id: NOTIFICATIONS, group, title: "Notifications", note: "settings", run: () => go(NOTIFICATIONS) }]
      : []),
  ];
}

function useIssueCommands(text: string, go: Go): Command[] {
  const asked = useSettled(text);
  const { view } = useView();
  const envs = view.filters.env.include;
  const { data, isPlaceholderData } = useIssueSearch(asked.length < LEAST ? "" : asked, envs, ISSUES_FOUND);
  return (data?.issues ?? []).map(({ id, title, service, env }) => ({
    id: `issue ${id}`,
    group: "Issues",
    title,
    note: `${[service, env].filter(Boolean).join(" · ")} #${id}`,
    // The server finds them by their messages and frames too.
    found: asked === text && !isPlaceholderData,
    run: () => go(issuePath(id)),
  }));
}

function useSavedCommands(): Command[] {
  const [, navigate] = useLocation();
  const { data } = useSearches();
  return (data?.searches ?? []).map((search) => ({
    id: `search ${search.id}`,
    group: "Saved searches",
    title: search.name,
    note: search.own ? "yours" : `by ${search.created_by}`,
    run: () => navigate(searchLink(search)),
  }));
}

/** The text once it has not changed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

function useServiceCommands(view: View, go: Go): Command[] {
  const { data } = useLabels(allLines(view), useAnchor());
  const counted = !data?.uncounted.includes("service");
  return (data?.labels.service ?? []).map(({ value, count }) => ({
    id: `service ${value}`,
    group: "Lines of a service",
    title: value,
    note: counted ? formatShort(count) : "",
    run: () => go(LINES.path, onlyValues(withTail(view, false), "service", [value])),
  }));
}

function useEnvCommands(): Command[] {
  const { view, setView } = useView();
  const { env: acts } = controlsOf(useLocation()[0]);
  const { data } = useLabels(allLines(view), useAnchor());
  if (!acts) return [];
  return ["", ...(data?.labels.env ?? []).map(({ value }) => value)].map((value) => ({
    id: `env ${value}`,
    group: "Environment",
    title: value || "All environments",
    run: () => setView(onlyValues(view, "env", value === "" ? [] : [value])),
  }));
}

/** The usual ranges, and the one that the text means as found. */
function useRangeCommands(text: string): Command[] {
  const { view, setView } = useView();
  const { range: acts } = controlsOf(useLocation()[0]);
  if (!acts) return [];
  const command = (range: TimeRange, found: boolean): Command => ({
    id: range.kind === "relative" ? `range ${range.spanMs}` : "range",
    group: "Time",
    title:
      range.kind === "relative"
        ? `Last ${describeDuration(range.spanMs)}`
        : `${formatSecond(range.startMs)} – ${formatClock(range.endMs)}${zoneMark()}`,
    found,
    run: () => setView({ ...view, range, line: "", tail: range.kind === "relative" && view.tail }),
  });
  const typed = typedRange(text, Date.now());
  const usual = PRESETS.map((spanMs) => command({ kind: "relative", spanMs }, false));
  if (!typed) return usual;
  const first = command(typed, true);
  return [first, ...usual.filter(({ id }) => id !== first.id)];
}

function useActions({ onHelp, onShare, onSearches }: Dialogs): Command[] {
  const { view, setView } = useView();
  const [path, navigate] = useLocation();
  const reload = useReload();
  const [theme, toggleTheme] = useTheme();
  const [zone, chooseZone] = useZone();
  const group = "Do";
  const tail = withTail(view, path !== LINES.path || !view.tail);
  return [
    ...(controlsOf(path).reload ? [{ id: "refresh", group, title: "Load the newest", run: reload }] : []),
    { id: "share", group, title: "Share this view", note: "link, snapshot", run: onShare },
    {
      id: "tail",
      group,
      title: "Live tail on or off",
      keys: "t",
      run: () => navigate(linkTo(LINES.path, tail)),
    },
    ...(HAVE_LEVELS.includes(path)
      ? [
          {
            id: "errors",
            group,
            title: isErrorsOnly(view) ? "All levels" : "Errors only",
            keys: "e",
            run: () => setView(toggleErrors(view)),
          },
        ]
      : []),
    { id: "theme", group, title: theme === "dark" ? "Light theme" : "Dark theme", run: toggleTheme },
    {
      id: "zone",
      group,
      title: zone === "utc" ? "Times in my own zone" : "Times in UTC",
      note: "time zone",
      run: () => chooseZone(zone === "utc" ? "local" : "utc"),
    },
    { id: "searches", group, title: "Save this search, or see all", note: "saved searches", run: onSearches },
    { id: "help", group, title: "Keyboard and mouse", note: "help", keys: "?", run: onHelp },
  ];
}
