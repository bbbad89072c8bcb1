import type { HealthSignal } from "../api/types";
import { formatShort } from "./format";

export type Unit = HealthSignal["unit"];

/** A value with its unit, as short as a glance needs: "71 %", "180 ms", "1.5 GiB", "12 /s". */
export function formatUnit(value: number, unit: Unit): string {
  switch (unit) {
    case "percent":
      return `${figure(value)} %`;
    case "seconds":
      return seconds(value);
    case "days":
      return seconds(value * 86_400);
    case "bytes":
      return bytes(value);
    case "per_second":
      return `${figure(value)} /s`;
    case "state":
      return value === 1 ? "up" : "down";
    default:
      return figure(value);
  }
}

function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return formatShort(value);
  if (size > 0 && size < 0.995) return String(Number(value.toPrecision(2)));
  return value.toFixed(size >= 9.95 ? 0 : 1).replace(/\.0+$/, "");
}

function seconds(value: number): string {
  const size = Math.abs(value);
  if (size >= 48 * 3600) return `${figure(value / 86_400)} d`;
  if (size >= 2 * 3600) return `${figure(value / 3600)} h`;
  if (size >= 120) return `${figure(value / 60)} min`;
  if (size >= 1 || size === 0) return `${figure(value)} s`;
  return `${figure(value * 1000)} ms`;
}

function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let rest = value;
  let index = 0;
  while (Math.abs(rest) >= 1024 && index < units.length - 1) {
    rest /= 1024;
    index++;
  }
  return `${Math.abs(rest) >= 1000 ? Math.round(rest) : figure(rest)} ${units[index]}`;
}
