import { Popover } from "radix-ui";
import type { RefObject } from "react";
import { useIssue } from "../../api/issues";
import { plural } from "../../lib/format";
import { Popup } from "../../ui/Popup";
import { ErrorState, Skeleton } from "../../ui/States";
import { GroupingParts } from "./GroupingPanel";

interface GroupingPeekProps {
  id: number;
  mark: RefObject<HTMLButtonElement | null>;
  onOpenChange: (open: boolean) => void;
}

/** Why the events of an issue are one, beside its mark. */
export default function GroupingPeek({ id, mark, onOpenChange }: GroupingPeekProps) {
  const anchor = mark as RefObject<HTMLButtonElement>; // the mark is there, for it opened this
  // A click on the mark is the mark's own: it opens for good, or closes.
  const outside = (event: Event) => mark.current?.contains(event.target as Node) && event.preventDefault();
  return (
    <Popover.Root open onOpenChange={onOpenChange}>
      <Popover.Anchor virtualRef={anchor} />
      <Popup peeks label="Why this is one issue" onInteractOutside={outside} className="w-96">
        <Why id={id} />
      </Popup>
    </Popover.Root>
  );
}

function Why({ id }: { id: number }) {
  const { data, isError, error, refetch } = useIssue(String(id));
  if (isError && !data) return <ErrorState error={error} onRetry={() => refetch()} />;
  if (!data) return <Skeleton className="h-24" />;
  const keys = data.groups.filter(({ key }) => key).length;
  return (
    <div className="grid gap-2">
      <p className="font-semibold">One issue, because these are equal</p>
      <GroupingParts explanation={data.explanation} />
      {keys > 1 && <p className="text-muted">{plural(keys, "group")} were put together.</p>}
    </div>
  );
}
