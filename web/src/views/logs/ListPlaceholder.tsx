import { Skeleton } from "../../ui/States";

/** Rows of the final height while the first lines load. */
export function ListPlaceholder() {
  return (
    <div aria-busy="true" className="grid gap-1.5 overflow-hidden px-4 py-2">
      {Array.from({ length: 24 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all alike
        <div key={index} className="flex h-4 gap-3">
          <Skeleton className="w-20" />
          <Skeleton className="w-8" />
          <Skeleton className="flex-1" />
        </div>
      ))}
    </div>
  );
}
