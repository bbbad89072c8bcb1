// Expectations that fail at once, with a message that says what was expected.

const TIMEOUT_MS = 45_000; // two busy cores run six servers beside the browser

export class Failed extends Error {}

/** Fails unless the condition holds. */
export function check(condition, message) {
  if (!condition) throw new Failed(message);
}

/** Waits until the locator is visible; fails with the message otherwise. */
export async function visible(locator, message, timeout = TIMEOUT_MS) {
  await locator
    .first()
    .waitFor({ state: "visible", timeout })
    .catch(() => {
      throw new Failed(message);
    });
  return locator.first();
}

/** Waits until the function gives something true; fails with the message otherwise. */
export async function until(page, probe, message, timeout = TIMEOUT_MS) {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Failed(message);
    await page.waitForTimeout(50);
  }
}
