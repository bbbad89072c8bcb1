// Fails when the JavaScript that the page loads before it shows anything is more than its budget: npm run budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_BYTES = 110_000; // gzip, as it travels

const dist = new URL("dist/", import.meta.url);
const html = readFileSync(new URL("index.html", dist), "utf8");
const scripts = [...new Set(html.match(/assets\/[^"]+\.js/g))];
const bytes = scripts.reduce((sum, path) => sum + gzipSync(readFileSync(new URL(path, dist))).length, 0);
process.stdout.write(
  `initial JavaScript: ${bytes} of ${BUDGET_BYTES} bytes (gzip) in ${scripts.length} files\n`,
);
if (scripts.length === 0 || bytes > BUDGET_BYTES) {
  process.stderr.write(
    "the page loads too much before it shows anything: make what is not needed at first lazy\n",
  );
  process.exit(1);
}
