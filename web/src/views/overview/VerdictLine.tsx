import type { UseQueryResult } from "@tanstack/react-query";
import { useVolume } from "../../api/queries";
import type { HealthResponse } from "../../api/types";
import { formatCount, plural } from "../../lib/format";
import { earliestOf } from "../../lib/health";
import { lastSpan } from "../../lib/time";
import { countErrors } from "../../lib/volume";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import { cx } from "../../ui/cx";
import { Skeleton } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";
import { VerdictMark } from "../../ui/Verdict";
import { Since } from "../health/Since";
import { LastDeploy } from "./LastDeploy";

/** The answer first: the worst verdict in words, since when and what is not known, and the count of errors unless `counts` is false. */
export function VerdictLine({
  health,
  counts = true,
}: {
  health: UseQueryResult<HealthResponse>;
  counts?: boolean;
}) {
  const { data, isError } = health;
  const worst = data && earliestOf(data);
  return (
    <div
      className={cx("grid content-start gap-0.5", !data && !isError && "max-sm:min-h-36")}
      data-verdict={data?.verdict ?? (isError ? "no_data" : undefined)}
    >
      <h1 className="flex min-h-7 wrap-anywhere items-start gap-2.5 text-value font-semibold sm:text-title">
        {!data && !isError && <Skeleton className="h-6 w-64" />}
        {(data || isError) && (
          <span className="mt-[5px] sm:mt-[7px]">
            <VerdictMark verdict={data?.verdict ?? "no_data"} size={14} />
          </span>
        )}
        {data?.summary ?? (isError && "The health of the machines is unknown")}
      </h1>
      <p className="flex flex-wrap gap-x-4 text-muted">
        {counts && <Counts />}
        {worst && <Since of={worst} />}
        {data?.detail && <span>{data.detail}</span>}
        {counts && <LastDeploy />}
        {data && (
          <span>
            Checked <TimeAgo ms={Date.parse(data.checked_at)} />
          </span>
        )}
      </p>
    </div>
  );
}

function Counts() {
  const { view } = useView();
  const anchor = useAnchor();
  const volume = useVolume(view, anchor, "service,level");
  if (!volume.data) return <span>{volume.isError ? "Lines could not be counted" : "Counting lines …"}</span>;
  const errors = countErrors(volume.data);
  const lines = volume.data.series.reduce((sum, { total }) => sum + total, 0);
  const when =
    view.range.kind === "relative" ? `in the last ${lastSpan(view.range.spanMs)}` : "in the chosen time";
  const words =
    lines === 0
      ? "No lines"
      : `${errors === 0 ? "No errors" : plural(errors, "error")} in ${formatCount(lines)} lines`;
  return (
    <span>
      {words} {when}
    </span>
  );
}
