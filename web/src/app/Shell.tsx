import { useEffect, useRef, useState } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { useQuiet } from "../api/order";
import type { Session } from "../api/types";
import { linkTo, useView } from "../state/useView";
import { useZone } from "../state/zone";
import { ErrorBoundary } from "../ui/ErrorBoundary";
import { keepFocus } from "../ui/focus";
import { type Lazy, lazily, Meanwhile } from "../ui/lazily";
import { EmptyState } from "../ui/States";
import { Header } from "./Header";
import { LinesAhead } from "./LinesAhead";
import { RefusedRange } from "./RefusedRange";
import {
  ALERTS,
  HEALTH,
  ISSUES,
  isSnapshot,
  LINES,
  NOTIFICATIONS,
  OVERVIEW,
  routeOf,
  SNAPSHOT,
  SNAPSHOTS,
  STORY,
  USAGE,
} from "./routes";
import { BottomTabs } from "./Tabs";
import { useShortcuts } from "./useShortcuts";

const AlertsView = lazily(() => import("../views/alerts/AlertsView"));
const AlertView = lazily(() => import("../views/alerts/AlertView"));
const OverviewView = lazily(() => import("../views/overview/OverviewView"));
const HealthView = lazily(() => import("../views/health/HealthView"));
const HelpDialog = lazily(() => import("./HelpDialog"));
const IssueView = lazily(() => import("../views/issues/IssueView"));
const IssuesView = lazily(() => import("../views/issues/IssuesView"));
const LogsView = lazily(() => import("../views/logs/LogsView"));
const Palette = lazily(() => import("./palette/Palette"));
const SearchesDialog = lazily(() => import("../views/searches/SearchesDialog"));
const ShareDialog = lazily(() => import("../views/share/ShareDialog"));
const SnapshotsView = lazily(() => import("../views/snapshots/SnapshotsView"));
const SnapshotView = lazily(() => import("../views/snapshots/SnapshotView"));
const StoryView = lazily(() => import("../views/story/StoryView"));
const UsageView = lazily(() => import("../views/usage/UsageView"));
const NotificationsView = lazily(() => import("../views/settings/NotificationsView"));

/** What is one click or key away, the most used first. */
const NEXT: readonly Lazy<never>[] = [
  OverviewView,
  IssuesView,
  IssueView,
  LogsView,
  HealthView,
  AlertsView,
  StoryView,
  Palette,
  HelpDialog,
];

/** The frame around every view: header, the view, and the tab bar of narrow screens. */
export function Shell({ session }: { session: Session }) {
  const [help, setHelp] = useState(false);
  const [palette, setPalette] = useState(false);
  const [searches, setSearches] = useState(false);
  const [share, setShare] = useState(false);
  const openHelp = () => setHelp(true);
  const openPalette = () => setPalette(true);
  const openShare = () => setShare(true);
  useShortcuts(openHelp, openPalette, openShare);
  useZone(); // draws the page again when it changes
  useTitle();
  useFocusOnWay();
  return (
    <div className="flex h-dvh flex-col">
      <Route path={LINES.path}>
        <LinesAhead />
      </Route>
      <button
        type="button"
        onClick={focusMain}
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded-md focus:bg-panel focus:p-2"
      >
        Skip to content
      </button>
      <CodeAhead />
      <Header session={session} onHelp={openHelp} onPalette={openPalette} onShare={openShare} />
      <RefusedRange />
      <main id="main" tabIndex={-1} className="min-h-0 flex-1 outline-none">
        <Meanwhile value={<div aria-busy="true" className="h-full" />}>
          <Switch>
            <Route path={OVERVIEW.path}>{guarded(OVERVIEW.name, <OverviewView />)}</Route>
            <Route path={ISSUES.path}>{guarded(ISSUES.name, <IssuesView user={session.user.name} />)}</Route>
            <Route path={`${ISSUES.path}/:id/:part?`}>
              {({ id, part }) =>
                guarded("Issue", <IssueView key={id} id={id} part={part} user={session.user.name} />)
              }
            </Route>
            <Route path={HEALTH.path}>{guarded(HEALTH.name, <HealthView />)}</Route>
            <Route path={LINES.path}>{guarded(LINES.name, <LogsView />)}</Route>
            <Route path={STORY}>{guarded("Story", <StoryView />)}</Route>
            <Route path={SNAPSHOTS}>{guarded("Snapshots", <SnapshotsView />)}</Route>
            <Route path={`${SNAPSHOT}/:id`}>
              {({ id }) => guarded("Snapshot", <SnapshotView key={id} id={id} />)}
            </Route>
            <Route path={USAGE.path}>{guarded(USAGE.name, <UsageView />)}</Route>
            <Route path={NOTIFICATIONS}>
              {guarded("Notifications", <NotificationsView role={session.user.role} />)}
            </Route>
            <Route path={ALERTS.path}>{guarded(ALERTS.name, <AlertsView />)}</Route>
            <Route path={`${ALERTS.path}/:id`}>
              {({ id }) => guarded("Alert", <AlertView key={id} id={id} />)}
            </Route>
            <Route>
              <UnknownPage />
            </Route>
          </Switch>
        </Meanwhile>
      </main>
      <BottomTabs />
      <Meanwhile value={null}>{searches && <SearchesDialog onClose={() => setSearches(false)} />}</Meanwhile>
      <Meanwhile value={null}>{share && <ShareDialog onClose={() => setShare(false)} />}</Meanwhile>
      <Meanwhile value={null}>{help && <HelpDialog onClose={() => setHelp(false)} />}</Meanwhile>
      <Meanwhile value={null}>
        {palette && (
          <Palette
            session={session}
            onHelp={openHelp}
            onShare={openShare}
            onSearches={() => setSearches(true)}
            onClose={() => setPalette(false)}
          />
        )}
      </Meanwhile>
    </div>
  );
}

/** Loads the code of what comes next when there is nothing else to do: a click on a tab then waits for its data alone. */
function CodeAhead() {
  const quiet = useQuiet();
  useEffect(() => {
    if (!quiet) return;
    NEXT.reduce((before, part) => before.then(part.ahead), Promise.resolve());
  }, [quiet]);
  return null;
}

function guarded(name: string, view: React.ReactNode) {
  return <ErrorBoundary name={`The view ${name}`}>{view}</ErrorBoundary>;
}

// A button, for with a <base href> a link to "#main" would lead to the page's root.
function focusMain() {
  document.getElementById("main")?.focus();
}

/** Titles of the views that have no tab. */
const UNTABBED: Readonly<Record<string, string>> = {
  [NOTIFICATIONS]: "Notifications",
  [SNAPSHOTS]: "Snapshots",
  [STORY]: "Story of a request",
  [USAGE.path]: USAGE.name,
};

function useTitle() {
  const [path] = useLocation();
  const name = isSnapshot(path) ? "Snapshot" : (UNTABBED[path] ?? routeOf(path)?.name);
  useEffect(() => {
    document.title = name ? `${name} · TovPlay logs` : "TovPlay logs";
  }, [name]);
}

/** A view that goes takes the focus with it: the next one has it. */
function useFocusOnWay() {
  const [path] = useLocation();
  const before = useRef(path);
  useEffect(() => {
    if (before.current !== path) keepFocus();
    before.current = path;
  }, [path]);
}

function UnknownPage() {
  const { view } = useView();
  return (
    <EmptyState
      className="h-full"
      title="There is no such page"
      hint="The address may be mistyped, or from another version."
      actions={
        <Link href={linkTo(OVERVIEW.path, view)} className="text-accent underline">
          Go to the overview
        </Link>
      }
    />
  );
}
