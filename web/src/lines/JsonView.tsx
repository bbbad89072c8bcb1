import { Fragment } from "react";
import type { Json } from "../lib/message";

/** JSON, indented and coloured by kind of value; strings with line breaks are shown as the text they are. */
export function JsonView({ value }: { value: Json }) {
  return (
    <pre className="font-mono text-code whitespace-pre-wrap" dir="ltr">
      <Node value={value} indent="" />
    </pre>
  );
}

function Node({ value, indent }: { value: Json; indent: string }) {
  if (value === null) return <span className="text-muted">null</span>;
  if (typeof value === "string") return <span className="text-ok">{JSON.stringify(value)}</span>;
  if (typeof value === "number") return <span className="text-info">{String(value)}</span>;
  if (typeof value === "boolean") return <span className="text-critical">{String(value)}</span>;
  if (Array.isArray(value))
    return <Items open="[" close="]" indent={indent} items={value.map((item) => ["", item])} />;
  return <Items open="{" close="}" indent={indent} items={Object.entries(value)} />;
}

interface ItemsProps {
  open: string;
  close: string;
  indent: string;
  items: readonly (readonly [string, Json])[];
}

function Items({ open, close, indent, items }: ItemsProps) {
  if (items.length === 0) return open + close;
  const deeper = `${indent}  `;
  return (
    <>
      {`${open}\n`}
      {items.map(([key, item], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a parsed record does not change
        <Fragment key={index}>
          {deeper}
          {key !== "" && <span className="text-accent">{JSON.stringify(key)}</span>}
          {key !== "" && ": "}
          <Node value={item} indent={deeper} />
          {index < items.length - 1 ? ",\n" : "\n"}
        </Fragment>
      ))}
      {indent + close}
    </>
  );
}
