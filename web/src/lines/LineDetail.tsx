import { Crosshair, FoldVertical, Route } from "lucide-react";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { Entry } from "../api/types";
import { isSnapshot, LINES, linesPath, STORY } from "../app/routes";
import { resolve } from "../lib/base";
import { parseRecord } from "../lib/message";
import { formatNs } from "../lib/time";
import { linkTo, useView } from "../state/useView";
import { useZone } from "../state/zone";
import { Button, buttonClass } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { Segmented } from "../ui/Segmented";
import { ContextLines } from "./ContextLines";
import { FieldTable } from "./FieldTable";
import { JsonView } from "./JsonView";
import { aroundView, lineView, requestOf, storyView } from "./links";
import { MessageText } from "./MessageText";

type Form = "readable" | "json" | "raw";

interface LineDetailProps {
  entry: Entry;
  /** Shows the lines before and after it. */
  context: boolean;
  onContext: () => void;
}

/** Everything about one line: its text in readable form, its labels and metadata, and what can be done with it. */
export function LineDetail({ entry, context, onContext }: LineDetailProps) {
  const { view } = useView();
  const [zone] = useZone();
  const record = parseRecord(entry.line);
  const request = requestOf(entry);
  const [form, setForm] = useState<Form>("readable");
  const [path] = useLocation();
  const target = isSnapshot(path) ? { ...view, line: entry.id } : lineView(view, entry);
  const shared = { ...target, zone: zone === "utc" ? zone : null };
  const link = () => resolve(linkTo(linesPath(path), shared).slice(1)).href;
  return (
    <div className="min-w-0 border-y border-line bg-bg px-3 py-3 font-sans text-body whitespace-normal md:px-4">
      <div className="mb-2 flex flex-wrap items-center gap-2">
        <time className="mr-auto font-mono text-code text-muted">{formatNs(entry.ts)}</time>
        {record && (
          <Segmented
            label="Form of the text"
            value={form}
            onChange={setForm}
            options={[
              { value: "readable", label: "Readable" },
              { value: "json", label: "JSON" },
              { value: "raw", label: "Raw" },
            ]}
          />
        )}
        <CopyButton words label="Copy line" text={entry.line} />
        <CopyButton words label="Copy link" text={link()} />
        <Button size="sm" aria-pressed={context} onClick={onContext}>
          <FoldVertical size={14} aria-hidden />
          Context
        </Button>
        <Link href={linkTo(LINES.path, aroundView(view, entry))} className={buttonClass("outline", "sm")}>
          <Crosshair size={14} aria-hidden />
          Lines around it
        </Link>
        {request !== "" && request !== view.request && (
          <Link
            href={linkTo(STORY, storyView(view, request, entry.ts))}
            className={buttonClass("outline", "sm")}
          >
            <Route size={14} aria-hidden />
            Its request
          </Link>
        )}
      </div>
      {context && <ContextLines entry={entry} />}
      <div className="max-h-[75vh] overflow-auto rounded-md border border-line bg-panel p-3">
        {form === "json" && record ? (
          <JsonView value={record} />
        ) : (
          <MessageText entry={entry} raw={form === "raw"} />
        )}
      </div>
      <FieldTable entry={entry} />
    </div>
  );
}
