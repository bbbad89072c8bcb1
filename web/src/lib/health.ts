import type { HealthComponent, HealthResponse, HealthSignal, Verdict } from "../api/types";

// What is wrong comes first; what is not known comes last, for there is nothing to see of it.
const GRAVITY: readonly Verdict[] = ["critical", "warning", "ok", "no_data"];

/** The signals that say most of a component: what is wrong, then what has a value, each in their own order. */
export function headlines({ signals }: HealthComponent, count: number): HealthSignal[] {
  const rank = (signal: HealthSignal) =>
    GRAVITY.indexOf(signal.verdict) + (signal.verdict === "ok" && !signal.display ? 0.5 : 0);
  return [...signals].sort((a, b) => rank(a) - rank(b)).slice(0, count);
}

/** The components of the chosen environments and those that are of none, and the others. */
export function ofEnvs(components: readonly HealthComponent[], envs: readonly string[]) {
  const isChosen = ({ env }: HealthComponent) => env === "" || envs.length === 0 || envs.includes(env);
  return {
    shown: components.filter(isChosen),
    others: components.filter((component) => !isChosen(component)),
  };
}

/** The component that has the worst verdict for the longest time; none if nothing tells since when. */
export function earliestOf({ verdict, components }: HealthResponse): HealthComponent | undefined {
  return components
    .filter((component) => component.verdict === verdict && component.since)
    .sort((a, b) => Date.parse(a.since ?? "") - Date.parse(b.since ?? ""))[0];
}
