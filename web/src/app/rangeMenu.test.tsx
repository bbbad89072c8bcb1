import { act } from "react";
import { expect, it } from "vitest";
import { open, text, type } from "../testing/page";
import { OpenAtOnce } from "../ui/openAtOnce";
import RangeMenu from "./RangeMenu";

const FIELD = "input[placeholder]";
const submit = () => act(async () => document.querySelector<HTMLInputElement>(FIELD)?.form?.requestSubmit());

it("takes a range in a word, and says what it does not take", async () => {
  await open(
    "/lines?tail=1",
    <OpenAtOnce value={true}>
      <RangeMenu trigger={<button type="button">Range</button>} />
    </OpenAtOnce>,
  );
  await type("soon", FIELD);
  await submit();
  expect(text("[role=alert]")).toContain("Give a span");
  expect(window.location.search).toBe("?tail=1");
  await type("last 45 min", FIELD);
  expect(document.querySelector("[role=alert]")).toBeNull();
  await submit();
  expect(new URLSearchParams(window.location.search).get("start")).toBe("now-45m");
});
