import { Link } from "wouter";
import { useIssueAction, useIssueHistory } from "../../api/issues";
import type { IssueDetail, IssueHash } from "../../api/types";
import { issuePath } from "../../app/routes";
import { plural } from "../../lib/format";
import { linkTo, useView } from "../../state/useView";
import { Button } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { TimeAgo } from "../../ui/TimeAgo";
import { PlaceLink } from "./FilterLink";

/** Why these events are one issue: what counted, and its groups, which can be taken out again. */
export function GroupingPanel({ issue }: { issue: IssueDetail }) {
  const action = useIssueAction();
  const keys = issue.groups.filter(({ key }) => key);
  const unmerge = (hash: string) => action.mutate({ action: "unmerge", issues: [issue.id], hashes: [hash] });
  return (
    <Panel
      title="Why this is one issue"
      note={
        keys.length > 1
          ? "these parts are equal in the events of its first group; others were merged into it"
          : "these parts are equal in all its events"
      }
    >
      <div className="px-4 pb-3">
        <GroupingParts explanation={issue.explanation} />
      </div>
      {action.isError && (
        <p role="alert" className="px-4 pb-2 text-error">
          {action.error.message}
        </p>
      )}
      {action.isSuccess && <TakenOut from={issue.id} />}
      <h3 className="flex flex-wrap items-baseline gap-x-3 border-t border-line px-4 pt-2 pb-1">
        <span className="font-semibold">{plural(keys.length, "group")} of events</span>
        <span className="text-meta text-muted">
          {keys.length > 1 ? "unmerge makes an issue of a group again" : "merge adds those of another issue"}
        </span>
      </h3>
      <ul aria-label="Groups">
        {keys.map((hash) => (
          <Group
            key={hash.hash}
            hash={hash}
            onUnmerge={keys.length > 1 ? () => unmerge(hash.hash) : undefined}
            busy={action.isPending}
          />
        ))}
      </ul>
    </Panel>
  );
}

/** Where the group that was taken out last is now. */
function TakenOut({ from }: { from: number }) {
  const { view } = useView();
  const { data } = useIssueHistory(from);
  const changes = data?.pages.flatMap((page) => page.changes) ?? [];
  const to = changes.find(({ kind, detail }) => kind === "unmerged" && detail.from === from)?.detail.to;
  if (typeof to !== "number") return null;
  return (
    <p role="status" className="px-4 pb-2">
      The group is{" "}
      <Link href={linkTo(issuePath(to), view)} className="text-accent underline">
        issue {to}
      </Link>{" "}
      now. Merge puts it back.
    </p>
  );
}

/** What counted when the events were put together. */
export function GroupingParts({ explanation }: Pick<IssueDetail, "explanation">) {
  if (!explanation) return <p className="text-muted">What counted is not known any more.</p>;
  return (
    <dl className="grid gap-1.5">
      {explanation.rule && <Part name="rule" value={explanation.rule} />}
      {explanation.parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: several frames have one name
        <Part key={index} {...part} />
      ))}
    </dl>
  );
}

function Part({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt className="text-meta text-muted">{name}</dt>
      <dd className="font-mono text-code whitespace-pre-wrap" dir="auto">
        {name === "frame" ? <PlaceLink place={value} /> : value}
      </dd>
    </div>
  );
}

interface GroupProps {
  hash: IssueHash;
  onUnmerge: (() => void) | undefined;
  busy: boolean;
}

function Group({ hash, onUnmerge, busy }: GroupProps) {
  return (
    <li className="flex items-center gap-2 border-t border-line px-4 py-1.5">
      <span className="min-w-0 flex-1">
        <span className="block truncate font-mono text-code">{hash.hash}</span>
        <span className="block text-meta text-muted">
          {hash.reason}
          {hash.last_seen && (
            <>
              {" · "}last seen <TimeAgo ms={Date.parse(hash.last_seen)} />
            </>
          )}
        </span>
      </span>
      {onUnmerge && (
        <Button size="sm" onClick={onUnmerge} disabled={busy} aria-label={`Unmerge ${hash.hash}`}>
          Unmerge
        </Button>
      )}
    </li>
  );
}
