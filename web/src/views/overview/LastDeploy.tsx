import { useVolume } from "../../api/queries";
import type { Deploy } from "../../api/types";
import { plural } from "../../lib/format";
import { describeSpan } from "../../lib/time";
import { aroundMoment, chartByLevel, errorsOnly } from "../../lib/volume";
import { useAnchor } from "../../state/anchor";
import { useView } from "../../state/useView";
import { TimeAgo } from "../../ui/TimeAgo";
import { DeployName } from "../issues/IssueFacts";
import { useShownDeploys } from "./useShownDeploys";

/** The last deploy, and how many errors there are since, against as long a time before. */
export function LastDeploy() {
  const [last] = useShownDeploys();
  if (!last) return null;
  const where = [last.service, last.env].filter(Boolean).join(" · ");
  return (
    <span data-deploy title={where || undefined}>
      Last deploy <DeployName deploy={last} /> <TimeAgo ms={Date.parse(last.at)} />
      <ErrorsAfter deploy={last} />
    </span>
  );
}

function ErrorsAfter({ deploy }: { deploy: Deploy }) {
  const { view } = useView();
  const { data } = useVolume(view, useAnchor(), "service,level");
  const found = data && aroundMoment(chartByLevel(errorsOnly(data)), Date.parse(deploy.at));
  if (!found) return null;
  const { before, after, spanMs } = found;
  const span = describeSpan(spanMs);
  return (
    <span title={`${plural(after, "error")} in the ${span} after it, ${before} in the ${span} before`}>
      {" · errors after: "}
      {changeWords(before, after)}
    </span>
  );
}

function changeWords(before: number, after: number): string {
  if (before === 0) return after === 0 ? "none, as before" : `${after}, none before`;
  const percent = Math.round((after / before - 1) * 100);
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent)} %`;
}
