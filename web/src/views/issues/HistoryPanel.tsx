import { type FormEvent, useEffect, useState } from "react";
import { useHistoryState } from "wouter/use-browser-location";
import { useIssueAction, useIssueHistory } from "../../api/issues";
import type { IssueChange } from "../../api/types";
import { changeWords } from "../../lib/issues";
import { Button } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { ErrorState, Skeleton } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";

/** History state with which a navigation asks for the field of a comment. */
export const COMMENT_STATE = { focus: "comment" } as const;

/** Puts the cursor into the field of a comment. */
export function focusComment(): void {
  document.querySelector<HTMLElement>("[data-comment]")?.focus();
}

/** What became of an issue and what people say about it, the newest first. */
export function HistoryPanel({ id }: { id: number }) {
  const query = useIssueHistory(id);
  const changes = query.data?.pages.flatMap((page) => page.changes) ?? [];
  return (
    <Panel title="History">
      <CommentForm id={id} />
      {query.isPending && <Skeleton className="m-4 h-16" />}
      {query.isError && !query.data && (
        <ErrorState error={query.error} onRetry={() => query.refetch()} className="min-h-32" />
      )}
      <ul>
        {changes.map((change) => (
          <Change key={change.seq} change={change} />
        ))}
      </ul>
      {query.hasNextPage && (
        <div className="flex justify-center border-t border-line p-2">
          <Button size="sm" onClick={() => query.fetchNextPage()} disabled={query.isFetchingNextPage}>
            Load older changes
          </Button>
        </div>
      )}
    </Panel>
  );
}

function Change({ change }: { change: IssueChange }) {
  const comment = change.kind === "comment" && change.detail.text;
  return (
    <li data-change={change.kind} className="border-t border-line px-4 py-1.5">
      <p className="flex gap-2">
        <span className="min-w-0 flex-1">
          <span className="font-semibold">{change.actor || "dashboard"}</span> {changeWords(change)}
        </span>
        <TimeAgo ms={Date.parse(change.at)} className="shrink-0 text-meta text-muted" />
      </p>
      {typeof comment === "string" && (
        <p className="whitespace-pre-wrap" dir="auto">
          {comment}
        </p>
      )}
    </li>
  );
}

function CommentForm({ id }: { id: number }) {
  const action = useIssueAction();
  const [text, setText] = useState("");
  const wanted = useHistoryState<{ focus?: string } | null>()?.focus === COMMENT_STATE.focus;
  useEffect(() => {
    if (wanted) focusComment();
  }, [wanted]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "") return;
    action.mutate({ action: "comment", issues: [id], text }, { onSuccess: () => setText("") });
  };
  return (
    <form onSubmit={submit} className="grid gap-2 px-4 pb-3">
      <textarea
        data-comment
        aria-label="Comment"
        placeholder="What is known about it"
        value={text}
        maxLength={5000}
        rows={2}
        dir="auto"
        onChange={(event) => setText(event.target.value)}
        className="w-full rounded-md border border-line bg-bg px-2 py-1.5 pointer-coarse:text-[1rem]"
      />
      <div className="flex items-center gap-2">
        <Button type="submit" size="sm" disabled={action.isPending || text.trim() === ""}>
          Comment
        </Button>
        {action.isError && (
          <span role="alert" className="text-error">
            {action.error.message}
          </span>
        )}
      </div>
    </form>
  );
}
