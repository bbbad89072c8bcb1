// @vitest-environment node
import { readFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, it } from "vitest";

// Comments may lag behind; the types may not.
function typesOnly(source: string): string {
  return source.replace(/\/\*\*[\s\S]*?\*\//g, "").replace(/\s+/g, " ");
}

it("has the types of the server's openapi.json; after a change run: npm run api", async () => {
  const document = new URL("../../../internal/server/openapi.json", import.meta.url);
  const generated = astToString(await openapiTS(document));
  const committed = readFileSync(new URL("schema.d.ts", import.meta.url), "utf8");
  expect(typesOnly(committed)).toContain(typesOnly(generated).trim());
});
