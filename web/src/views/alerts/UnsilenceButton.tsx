import { useUnsilence } from "../../api/alerts";
import { useIsAdmin } from "../../api/queries";
import { Button } from "../../ui/Button";

/** Ends a silence; nothing for those who may not. */
export function UnsilenceButton({ id }: { id: string }) {
  const end = useUnsilence();
  if (!useIsAdmin()) return null;
  return (
    <>
      {end.isError && (
        <span role="alert" className="text-error">
          {end.error.message}
        </span>
      )}
      <Button size="sm" disabled={end.isPending} onClick={() => end.mutate(id)}>
        Unsilence
      </Button>
    </>
  );
}
