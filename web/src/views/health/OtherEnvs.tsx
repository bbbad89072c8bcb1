import type { HealthComponent } from "../../api/types";
import { onlyValues } from "../../state/filters";
import { useView } from "../../state/useView";
import { VerdictMark, verdictWord } from "../../ui/Verdict";

/** Names the components that belong to environments which are not chosen, with how they are; a click shows all. */
export function OtherEnvs({ components }: { components: readonly HealthComponent[] }) {
  const { view, setView } = useView();
  if (components.length === 0) return null;
  return (
    <p data-other-envs className="flex flex-wrap items-center gap-x-3 gap-y-1 text-meta text-muted">
      Of other environments, not shown:
      {components.map(({ id, name, verdict }) => (
        <span key={id} className="inline-flex items-center gap-1.5" title={verdictWord(verdict)}>
          <VerdictMark verdict={verdict} size={8} />
          {name}
        </span>
      ))}
      <button
        type="button"
        onClick={() => setView(onlyValues(view, "env", []))}
        className="rounded-sm text-accent hover:underline pointer-coarse:h-10"
      >
        Show all environments
      </button>
    </p>
  );
}
