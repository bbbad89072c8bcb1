import { act, useMemo } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Entry } from "../api/types";
import { formatClock, setZone } from "../lib/time";
import { open, text } from "../testing/page";
import { LineRow } from "../views/logs/LineRow";
import { useZone, ZoneProvider } from "./zone";

const ENTRY: Entry = { id: "1", ts: "1772366400000000000", line: "hello", labels: {}, metadata: {} };
const SAME = () => {};

beforeEach(() => {
  vi.stubEnv("TZ", "America/New_York");
  localStorage.clear();
});

afterEach(() => setZone("local"));

function Page() {
  const [zone, choose] = useZone();
  const look = useMemo(() => ({ narrow: false, wrap: false, columns: [], hits: [], zone }), [zone]);
  return (
    <>
      <LineRow
        id="row"
        entry={ENTRY}
        index={0}
        open={false}
        context={false}
        active={false}
        look={look}
        measure={undefined}
        place={undefined}
        onToggle={SAME}
        onContext={SAME}
      />
      <button type="button" onClick={() => choose(zone === "utc" ? "local" : "utc")}>
        {zone} {formatClock(0)}
      </button>
    </>
  );
}

const show = (address: string) =>
  open(
    address,
    <ZoneProvider>
      <Page />
    </ZoneProvider>,
  );

const change = () => act(async () => document.querySelector<HTMLElement>("#root > button")?.click());

describe("the zone of times", () => {
  it("is the local one until another is chosen, which is remembered and drawn everywhere at once", async () => {
    await show("/lines");
    expect(text()).toContain("07:00:00.000");
    expect(text()).toContain("local 19:00:00");
    await change();
    expect(text()).toContain("12:00:00.000");
    expect(text()).toContain("utc 00:00:00");
    expect(localStorage.getItem("zone")).toBe("utc");
    await show("/lines");
    expect(text()).toContain("utc 00:00:00");
  });

  it("is that of the address before that of the reader, until another is chosen", async () => {
    await show("/lines?tz=utc&wrap=1");
    expect(text()).toContain("utc");
    expect(localStorage.getItem("zone")).toBeNull();
    await change();
    expect(text()).toContain("local");
    expect(window.location.search).toBe("?wrap=1");
  });

  it("is the local one for an address that names no zone that there is", async () => {
    await show("/lines?tz=mars");
    expect(text()).toContain("local");
  });
});
