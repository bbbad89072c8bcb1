import { Info } from "lucide-react";
import { Popover } from "radix-ui";
import { useIssue } from "../../api/issues";
import { plural } from "../../lib/format";
import { ErrorState, Skeleton } from "../../ui/States";
import { usePeek } from "../../ui/usePeek";
import { GroupingParts } from "./GroupingPanel";

/** The info mark of a title: why its events are one issue, while hovered or focused, and on click. */
export function GroupingMark({ id }: { id: number }) {
  const { open, onOpenChange, trigger } = usePeek();
  return (
    <Popover.Root open={open} onOpenChange={onOpenChange}>
      <Popover.Trigger asChild {...trigger}>
        <button
          type="button"
          aria-label={`Why issue ${id} is one`}
          className="relative z-10 flex size-5 shrink-0 items-center justify-center rounded-sm text-muted hover:text-text pointer-coarse:size-10"
        >
          <Info size={13} aria-hidden />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          sideOffset={4}
          collisionPadding={8}
          aria-label="Why this is one issue"
          onOpenAutoFocus={(event) => event.preventDefault()}
          onCloseAutoFocus={(event) => event.preventDefault()}
          className="z-40 max-h-[60vh] w-96 max-w-[calc(100vw-1rem)] overflow-y-auto rounded-md border border-line bg-panel p-3 shadow-overlay"
        >
          <Why id={id} />
        </Popover.Content>
      </Popover.Portal>
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
