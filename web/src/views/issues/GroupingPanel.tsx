import { useIssueAction } from "../../api/issues";
import type { IssueDetail, IssueHash } from "../../api/types";
import { plural } from "../../lib/format";
import { Button } from "../../ui/Button";
import { Panel } from "../../ui/Panel";

/** Why these events are one issue: what counted, and its groups, which can be taken out again. */
export function GroupingPanel({ issue }: { issue: IssueDetail }) {
  const action = useIssueAction();
  const keys = issue.groups.filter(({ key }) => key);
  const { explanation } = issue;
  const unmerge = (hash: string) => action.mutate({ action: "unmerge", issues: [issue.id], hashes: [hash] });
  return (
    <Panel title="Why this is one issue" note={plural(keys.length, "group")}>
      {explanation && (
        <dl className="grid gap-1.5 px-4 pb-3">
          {explanation.rule && <Part name="rule" value={explanation.rule} />}
          {explanation.parts.map((part) => (
            <Part key={part.name} {...part} />
          ))}
        </dl>
      )}
      {action.isError && (
        <p role="alert" className="px-4 pb-2 text-error">
          {action.error.message}
        </p>
      )}
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

function Part({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt className="text-meta text-muted">{name}</dt>
      <dd className="font-mono text-code whitespace-pre-wrap" dir="auto">
        {value}
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
        <span className="block text-meta text-muted">{hash.reason}</span>
      </span>
      {onUnmerge && (
        <Button size="sm" onClick={onUnmerge} disabled={busy} aria-label={`Unmerge ${hash.hash}`}>
          Unmerge
        </Button>
      )}
    </li>
  );
}
