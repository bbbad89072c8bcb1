import { useState } from "react";
import { useSearches } from "../../api/searches";
import type { Channel, Rule } from "../../api/types";
import { ISSUE_KINDS, RULE_KINDS, type RuleOn, ruleOf, searchOfView } from "../../lib/notify";
import { useView } from "../../state/useView";
import { Segmented } from "../../ui/Segmented";
import { FormDialog } from "./FormDialog";
import { Area, Check, Choice, Field, Group } from "./fields";

interface RuleFormProps {
  rule: Rule | null;
  channels: readonly Channel[];
  onClose: () => void;
}

/** Adds or changes a rule. */
export function RuleForm({ rule, channels, onClose }: RuleFormProps) {
  const [on, setOn] = useState<RuleOn>(rule?.on ?? "issues");
  // The filters that the page Logs had are in the address still.
  const { view } = useView();
  const search = rule ?? searchOfView(view);
  return (
    <FormDialog
      title={rule ? `Rule ${rule.name}` : "Add a rule"}
      what="rules"
      id={rule?.id ?? null}
      loses="for good"
      read={(form) => ruleOf(form, on, search)}
      onClose={onClose}
    >
      <Segmented label="About" value={on} options={RULE_KINDS} onChange={setOn} />
      <Field label="Name" name="name" required maxLength={100} defaultValue={rule?.name} />
      {on === "issues" ? (
        <IssueFields rule={rule} />
      ) : (
        <SearchFields rule={rule} query={search.query} on={on} />
      )}
      <Group title="Tell">
        <div className="grid">
          {channels.length === 0 && <p className="text-muted">There is no channel yet: add one first.</p>}
          {channels.map((channel) => (
            <Check
              key={channel.id}
              label={channel.name}
              name="channels"
              value={channel.id}
              defaultChecked={rule ? rule.channels.includes(channel.id) : channels.length === 1}
            />
          ))}
        </div>
      </Group>
      <Check label="Switched on" name="enabled" defaultChecked={rule?.enabled ?? true} />
    </FormDialog>
  );
}

function IssueFields({ rule }: { rule: Rule | null }) {
  const all = !rule?.kinds.length;
  return (
    <>
      <fieldset className="flex flex-wrap gap-x-4">
        <legend className="sr-only">Which issues</legend>
        {ISSUE_KINDS.map(({ value, label }) => (
          <Check
            key={value}
            label={label}
            name="kinds"
            value={value}
            defaultChecked={all || rule.kinds.includes(value)}
          />
        ))}
      </fieldset>
      <Field label="Environments" name="env" defaultValue={rule?.env.join(", ")} placeholder="all" />
      <Field label="Services" name="service" defaultValue={rule?.service.join(", ")} placeholder="all" />
      <Field
        label="Levels"
        name="level"
        defaultValue={rule?.level.join(", ")}
        placeholder="all"
        hint="Several with commas; empty is all."
      />
      <SearchChoice chosen={rule?.search ?? 0} />
    </>
  );
}

/** Which saved search of issues has to list them too. */
function SearchChoice({ chosen }: { chosen: number }) {
  const saved = useSearches().data?.searches.filter(({ path }) => path === "issues") ?? [];
  // The one that is chosen is offered from the start: a choice of nothing would be stored.
  const loading = chosen > 0 && !saved.some(({ id }) => id === chosen);
  const options = [
    { value: "0", label: "any" },
    ...(loading ? [{ value: String(chosen), label: `search ${chosen}` }] : []),
    ...saved.map(({ id, name }) => ({ value: String(id), label: name })),
  ];
  return (
    <Choice
      label="Listed by the saved search"
      name="search"
      defaultValue={chosen}
      options={options}
      hint={saved.length === 0 && "Save a search on the page Issues, by its star, to choose it here."}
    />
  );
}

function SearchFields({ rule, query, on }: { rule: Rule | null; query: string; on: RuleOn }) {
  return (
    <>
      <Area
        label="Search"
        name="query"
        required
        maxLength={5000}
        defaultValue={query}
        placeholder={'{service="backend", env="production"} |= "timeout"'}
        hint="A LogQL query, or the address of the page Logs with the filters that are meant."
      />
      <div className="grid grid-cols-2 gap-3">
        {on === "matches" && (
          <Field
            label="Lines, at least"
            name="count"
            type="number"
            required
            min={1}
            defaultValue={rule?.count || 10}
          />
        )}
        <Field
          label={on === "matches" ? "in minutes" : "Silent for (minutes)"}
          name="minutes"
          type="number"
          required
          min={1}
          max={1440}
          defaultValue={rule?.minutes || 10}
        />
      </div>
    </>
  );
}
