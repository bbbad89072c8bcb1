import { Download } from "lucide-react";
import { useEffect, useState } from "react";
import { apiUrl } from "../../api/client";
import { isByMarks, issueParams, useIssueAction, useIssueChanges } from "../../api/issues";
import type { IssueRow, IssuesResponse } from "../../api/types";
import { formatCount, plural } from "../../lib/format";
import { actionWords, answerWords } from "../../lib/issues";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import { Button, buttonClass } from "../../ui/Button";
import { cx } from "../../ui/cx";
import { keepFocus } from "../../ui/focus";
import { Skeleton } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";
import { IssueActions } from "./IssueActions";

/** How many changes are counted at most. */
const COUNTED = 1000;

interface IssueBarProps {
  /** The first page of the list, while there is none it is being loaded. */
  first: IssuesResponse | undefined;
  chosen: readonly IssueRow[];
  user: string;
  onClear: () => void;
  onReload: () => void;
}

/** The answer in words; or what can be done with the chosen issues. */
export function IssueBar({ first, chosen, user, onClear, onReload }: IssueBarProps) {
  const action = useIssueAction();
  const { view } = useView();
  const anchor = useAnchor();
  const [said, setSaid] = useState("");
  const newer = useNewer(first?.seq ?? 0);
  // With the choice the buttons are gone, and with them the focus.
  useEffect(() => {
    if (said) keepFocus();
  }, [said]);
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 border-y border-line px-2 py-1 md:px-4">
      <h1 className={chosen.length > 0 ? "sr-only" : "min-w-0 text-value font-semibold"} dir="auto">
        {first ? answerWords(first.summary, view.range) : <Skeleton className="h-5 w-72" />}
      </h1>
      {chosen.length > 0 ? (
        <>
          <span className="font-semibold">{formatCount(chosen.length)} chosen</span>
          <IssueActions
            issues={chosen}
            user={user}
            action={action}
            onDone={(done) => {
              setSaid(actionWords(done));
              onClear();
            }}
          />
          <Button size="sm" look="quiet" onClick={onClear}>
            Choose none
          </Button>
        </>
      ) : (
        first && <Facts first={first} />
      )}
      <span role="status" className={cx("empty:sr-only", action.isError ? "text-error" : "text-muted")}>
        {action.isError ? action.error.message : said}
      </span>
      <span className="ml-auto flex items-center gap-2">
        {newer > 0 && (
          <Button size="sm" look="quiet" onClick={onReload}>
            {plural(newer, "change")}: load them
          </Button>
        )}
        <a
          href={apiUrl("issues/export", issueParams(view, anchor))}
          download
          className={buttonClass("quiet", "sm")}
        >
          <Download size={14} aria-hidden />
          Export
        </a>
      </span>
    </div>
  );
}

function Facts({ first }: { first: IssuesResponse }) {
  const { view } = useView();
  const { deploy } = first.summary;
  return (
    <span className="text-muted">
      {plural(first.total, "issue")}
      <span className="max-md:hidden"> in this time</span>
      {isByMarks(view) && (
        <span title="Tags, frames and deploys choose issues, not single events">
          {" "}
          · all their events count
        </span>
      )}
      {deploy && (
        <>
          {" · "}deployed <TimeAgo ms={Date.parse(deploy.at)} />
        </>
      )}
    </span>
  );
}

/** How many changes there were after the one with that number. */
function useNewer(seq: number): number {
  const [changes, setChanges] = useState<readonly number[]>([]);
  useIssueChanges((more) =>
    setChanges((before) => [...before, ...more.map((one) => one.seq)].slice(-COUNTED)),
  );
  return changes.filter((one) => one > seq).length;
}
