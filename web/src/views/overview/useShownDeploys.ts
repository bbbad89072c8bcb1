import { useMemo } from "react";
import { useDeploys } from "../../api/deploys";
import type { Deploy } from "../../api/types";
import { deploysOf } from "../../lib/related";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";

/** A deploy this long before the end of the range is still told. */
const LOOK_BACK_MS = 7 * 86_400_000;

/** The deploys of the view's services and environments, in the page's range and the week before its end. */
export function useShownDeploys(): readonly Deploy[] {
  const { startMs, endMs } = useAnchor();
  const { service, env } = useView().view.filters;
  const { data } = useDeploys({ startMs: Math.min(startMs, endMs - LOOK_BACK_MS), endMs });
  return useMemo(
    () => deploysOf(data?.deploys ?? [], { services: service.include, envs: env.include }),
    [data, service, env],
  );
}
