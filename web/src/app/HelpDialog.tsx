import { Modal } from "../ui/Modal";
import { PALETTE_KEYS } from "./presets";

const KEYS: readonly (readonly [string, string])[] = [
  [PALETTE_KEYS, "Search or jump: a view, issue, service, time, request"],
  ["g o", "Go to the overview"],
  ["g i", "Go to the issues"],
  ["g l", "Go to the logs"],
  ["g h", "Go to the health"],
  ["g a", "Go to the alerts"],
  ["g u", "Go to the usage"],
  ["/", "Search the issues or the lines"],
  ["t", "Live tail on and off"],
  ["s", "Share this view, but for issues"],
  ["e", "Errors only, or all levels: overview, issues, logs"],
  ["j  k", "Next and previous line or issue"],
  ["Enter", "Open and close a line, open an issue"],
  ["x", "Choose an issue"],
  ["r  s  a", "Resolve or reopen, snooze, assign to me: the chosen issues, or this one"],
  ["c", "Context of a line; comment on an issue"],
  ["?", "This help"],
];

const LOGQL: readonly (readonly [string, string])[] = [
  ["Enter", "Runs a query of LogQL; takes what is offered once the arrows chose it"],
  ["Tab", "Takes what is offered: the chosen, or the first"],
  ["Ctrl+Enter", "Runs the query, whatever is chosen"],
  ["Shift+Enter", "Begins a line of the query"],
  ["Escape", "Closes what is offered, then leaves the search"],
];

const MOUSE: readonly (readonly [string, string])[] = [
  ["Click", "on a value shows only lines with it"],
  ["Alt + click", "leaves out lines with it"],
  ["Drag", "over a chart zooms every panel to that time"],
  ["Click", "on a chart keeps its numbers open"],
];

/** What the keyboard and the mouse can do. */
export default function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Modal title="Keyboard and mouse" place="center" textOnly onClose={onClose}>
      <Table rows={KEYS} />
      <Rule />
      <Table rows={LOGQL} />
      <Rule />
      <Table rows={MOUSE} />
    </Modal>
  );
}

function Rule() {
  return <div className="my-3 h-px bg-line" />;
}

function Table({ rows }: { rows: readonly (readonly [string, string])[] }) {
  return (
    <dl className="grid grid-cols-[7rem_1fr] gap-y-1.5">
      {rows.map(([keys, what]) => (
        <div key={what} className="contents">
          <dt className="font-mono text-code text-muted">{keys}</dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}
