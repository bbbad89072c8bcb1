import { CircleHelp } from "lucide-react";
import { Popover } from "radix-ui";
import { IconButton } from "../../ui/Button";
import { Popup } from "../../ui/Popup";

/** What can be searched for, each with an example. */
const EXAMPLES: readonly (readonly [string, string])[] = [
  ["pool timeout", "words of title, message and frames; the end of each may be missing"],
  ["service:backend level:fatal env:staging", "where it happened"],
  ["user:ada release:2.1 endpoint:/api/games host:web-1", "tags of its events"],
  ['tag:browser=Firefox tag:city="Tel Aviv"', "any other tag; quotes where there are spaces"],
  ["frame:create_game", "a function in its tracebacks"],
  ["deploy:2b7f1e", "what came or came back with a deploy"],
  ["state:new assignee:nobody", "as the buttons below do"],
  ["-service:nginx -user:ada", "a minus leaves out"],
];

/** The syntax of the search, beside it. */
export function SearchHelp() {
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <IconButton label="What can be searched for">
          <CircleHelp size={16} aria-hidden />
        </IconButton>
      </Popover.Trigger>
      <Popup align="end" label="What can be searched for" className="w-[30rem]">
        <dl className="grid gap-2">
          {EXAMPLES.map(([text, meaning]) => (
            <div key={text}>
              <dt className="font-mono text-code">{text}</dt>
              <dd className="text-muted">{meaning}</dd>
            </div>
          ))}
        </dl>
        <p className="mt-3 border-t border-line pt-2 text-muted">
          Enter makes filters of it. Several values of one tag are alternatives; several frames must all be
          there. Tags, frames and deploys choose issues, and count all their events; tags go by whole days.
        </p>
      </Popup>
    </Popover.Root>
  );
}
