import { useRetry } from "../api/queries";
import { useAnchor } from "../state/anchor";

/** Loads the newest into every panel, and whatever failed. */
export function useReload(): () => void {
  const { refresh } = useAnchor();
  const retry = useRetry();
  return () => {
    retry();
    refresh();
  };
}
