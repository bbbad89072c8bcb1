// What the caller does for a script: it writes lines and stops and starts servers, as test/e2e/browser_test.go does.

import { createInterface } from "node:readline";

/** Asks the caller on standard output; each answer is a line on standard input. */
export function openStage(input, output) {
  const lines = createInterface({ input });
  const answers = lines[Symbol.asyncIterator]();
  const ask = async (wish) => {
    output.write(`ASK ${wish}\n`);
    const { done, value } = await answers.next();
    if (done) throw new Error(`the caller went away while it was asked: ${wish}`);
    return value;
  };
  return {
    /** Has lines of now written to the syslog, in this order. */
    write: (texts) => ask(`write ${JSON.stringify(texts)}`),
    /** Stops nginx, dashboard, loki or prometheus. */
    stop: (part) => ask(`stop ${part}`),
    /** Starts it again, on the same port and data, and waits until it is ready. */
    start: (part) => ask(`start ${part}`),
    close: () => lines.close(),
  };
}
