import { describe, expect, it } from "vitest";
import { isRightToLeft, padded, startOfMessage } from "./columns";

describe("a column of the list", () => {
  it("has as many characters whatever its text", () => {
    for (const text of ["", "nginx", "exactly-fourtn", "a-service-with-a-long-name"]) {
      expect(padded(text, 14)).toHaveLength(14);
    }
    expect(padded("a-service-with-a-long-name", 14)).toBe("a-service-wit…");
  });

  it("moves the message by one character more than its width", () => {
    expect(startOfMessage(2) - startOfMessage(1)).toBe(17);
  });
});

describe("isRightToLeft", () => {
  it("goes by the first letter, not by figures and signs", () => {
    expect(isRightToLeft("12:30 [שגיאה] timeout")).toBe(true);
    expect(isRightToLeft("خطأ")).toBe(true);
    expect(isRightToLeft("user שלום joined")).toBe(false);
    expect(isRightToLeft("404 – 12 ms")).toBe(false);
    expect(isRightToLeft("")).toBe(false);
  });
});
