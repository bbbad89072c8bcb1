import { describe, expect, it } from "vitest";
import { click, open, text } from "../testing/page";
import { RefusedRange } from "./RefusedRange";

const says = async (search: string) => {
  await open(`/lines?${search}`, <RefusedRange />);
  return text();
};

describe("a range in the address that there is not", () => {
  it("is named, with what is shown in its place", async () => {
    const backwards = await says("start=2026-11-26T11:10:00Z&end=2026-11-26T10:00:00Z");
    expect(backwards).toContain(
      "the end 2026-11-26T10:00:00Z, which is not after the start 2026-11-26T11:10:00Z",
    );
    expect(backwards).toContain("Shown is the last hour instead.");
    expect(await says("start=garbage")).toContain("the start “garbage”");
    expect(await says("start=now-garbage")).toContain("the start “now-garbage”");
    expect(await says("start=2026-11-26T10:00:00Z&end=garbage")).toContain("the end “garbage”");
    expect(await says("start=2026-11-26T10:00:00Z")).toContain("a start without an end");
    expect(await says("end=2026-11-26T10:00:00Z")).toContain("an end without a start");
  });

  it("is not spoken of where there is one, or none is asked for", async () => {
    expect(await says("")).toBe("");
    expect(await says("start=now-6h")).toBe("");
    expect(await says("start=now-6h&end=now")).toBe("");
    expect(await says("start=2026-11-26T10:00:00Z&end=2026-11-26T11:00:00Z")).toBe("");
  });

  it("leaves the address when the notice is dismissed", async () => {
    await says("start=garbage&service=backend");
    await click("Dismiss");
    expect(window.location.search).toBe("?service=backend");
    expect(text()).toBe("");
  });
});
