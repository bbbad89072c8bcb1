import { Link } from "wouter";
import { useHealth } from "../../api/queries";
import type { HealthComponent } from "../../api/types";
import { HEALTH } from "../../app/routes";
import { ofEnvs } from "../../lib/health";
import { useAnchor } from "../../state/anchor";
import { useSteadyRefresh } from "../../state/useSteadyRefresh";
import { linkTo, useView } from "../../state/useView";
import { ErrorState, Notice, Skeleton } from "../../ui/States";
import { VerdictLine } from "../overview/VerdictLine";
import { ComponentCard } from "./ComponentCard";
import { OtherEnvs } from "./OtherEnvs";

const EXPECTED_CARDS = 8;

/** How well each component is, in words; an opened one shows its signals and graphs. */
export default function HealthView() {
  const health = useHealth();
  const { view, setView } = useView();
  const { refresh } = useAnchor();
  useSteadyRefresh();
  const { data, isError, error, refetch } = health;
  const envs = view.filters.env.include;
  const { shown, others } = ofEnvs(data?.components ?? [], envs);
  // What the address opens is shown, of whatever environment.
  const opened = others.find(({ id }) => id === view.component);
  const toggle = (id: string) => {
    const opens = id !== view.component;
    if (opens) refresh(); // its graphs reach as far as the verdict that they explain
    setView({ ...view, component: opens ? id : "" }, { replace: true });
  };
  return (
    <div className="h-full overflow-y-auto">
      <div className="mx-auto grid max-w-[90rem] gap-4 p-3 md:p-6">
        <VerdictLine health={health} />
        {!data && isError && (
          <section aria-label="Health" className="rounded-md border border-line bg-panel">
            <ErrorState error={error} onRetry={() => refetch()} />
          </section>
        )}
        {data && isError && <Notice>The last check failed: {error.message} Showing the check before.</Notice>}
        {data && <UnknownComponent components={data.components} />}
        <ul className="grid gap-2" aria-label="Components">
          {(opened ? [opened, ...shown] : shown).map((component) => (
            <ComponentCard
              key={component.id}
              component={component}
              open={component.id === view.component}
              onToggle={() => toggle(component.id)}
            />
          ))}
          {!data &&
            !isError &&
            Array.from({ length: EXPECTED_CARDS }, (_, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all alike
              <li key={index}>
                <Skeleton className="h-22 rounded-md lg:h-14" />
              </li>
            ))}
        </ul>
        <OtherEnvs components={others.filter((component) => component !== opened)} />
      </div>
    </div>
  );
}

/** Says that the component of the address is not looked at, and leads to those that are. */
function UnknownComponent({ components }: { components: HealthComponent[] }) {
  const { view } = useView();
  if (view.component === "" || components.some(({ id }) => id === view.component)) return null;
  return (
    <Notice>
      <span className="wrap-anywhere">
        There is no component “<bdi>{view.component}</bdi>”. There are:{" "}
        {components.map(({ id, name }, index) => (
          <span key={id}>
            {index > 0 && ", "}
            <Link
              href={linkTo(HEALTH.path, { ...view, component: id })}
              className="text-accent hover:underline"
            >
              {name}
            </Link>
          </span>
        ))}
      </span>
    </Notice>
  );
}
