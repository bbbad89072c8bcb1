import { Pencil, Plus } from "lucide-react";
import { useState } from "react";
import { useSearches } from "../../api/searches";
import type { Channel, Rule } from "../../api/types";
import { plural } from "../../lib/format";
import { ruleWords } from "../../lib/notify";
import { Button, IconButton } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { EmptyState } from "../../ui/States";
import { TimeAgo } from "../../ui/TimeAgo";
import { Failure } from "./ChannelList";
import { RuleForm } from "./RuleForm";

/** What is told to which channels. */
export function RuleList({ rules, channels }: { rules: readonly Rule[]; channels: readonly Channel[] }) {
  const [edited, setEdited] = useState<Rule | "new" | null>(null);
  const add = (
    <Button size="sm" aria-label="Add a rule" onClick={() => setEdited("new")}>
      <Plus size={14} aria-hidden />
      Add
    </Button>
  );
  return (
    <Panel title="Rules" note="what is told to whom" actions={rules.length > 0 && add}>
      {rules.length === 0 && (
        <EmptyState
          title="There is no rule yet: nobody is told anything"
          hint="A rule tells channels of issues, or of a search that matches too often or falls silent."
          actions={add}
        />
      )}
      <ul className="divide-y divide-line">
        {rules.map((rule) => (
          <RuleRow key={rule.id} rule={rule} channels={channels} onEdit={() => setEdited(rule)} />
        ))}
      </ul>
      {edited && (
        <RuleForm
          rule={edited === "new" ? null : edited}
          channels={channels}
          onClose={() => setEdited(null)}
        />
      )}
    </Panel>
  );
}

function RuleRow({
  rule,
  channels,
  onEdit,
}: {
  rule: Rule;
  channels: readonly Channel[];
  onEdit: () => void;
}) {
  const search = useSearches().data?.searches.find(({ id }) => id === rule.search);
  const told = channels.filter(({ id }) => rule.channels.includes(id)).map(({ name }) => name);
  return (
    <li className="flex items-center gap-3 px-4 py-2">
      <div className="grid min-w-0 flex-1 gap-0.5">
        <p>
          <span className="font-semibold" dir="auto">
            {rule.name}
          </span>{" "}
          <span className="text-muted">
            {ruleWords(rule, search?.name)} → {told.length > 0 ? told.join(", ") : "no channel"}
            {!rule.enabled && " · switched off"}
          </span>
        </p>
        {rule.query && <code className="font-mono text-code break-all text-muted">{rule.query}</code>}
        {rule.enabled && rule.on !== "issues" && <SearchStatus rule={rule} />}
      </div>
      <IconButton label={`Change ${rule.name}`} onClick={onEdit}>
        <Pencil size={14} aria-hidden />
      </IconButton>
    </li>
  );
}

/** What the looks at Loki found. */
function SearchStatus({ rule }: { rule: Rule }) {
  if (rule.failure)
    return (
      <Failure
        error={`Loki gave no answer: ${rule.failure}`}
        remedy="Nothing is told meanwhile; it is asked again by itself."
      />
    );
  if (!rule.answered_at) return <p className="text-muted">Loki is asked in a moment.</p>;
  return (
    <p className="text-muted">
      {rule.holds_since && (
        <span className="font-semibold text-warn">
          Holds since <TimeAgo ms={Date.parse(rule.holds_since)} />.{" "}
        </span>
      )}
      {plural(rule.lines, "line")} in the last {plural(rule.minutes, "minute")}, as of{" "}
      <TimeAgo ms={Date.parse(rule.answered_at)} />.
    </p>
  );
}
