const MINUTE = 60_000;

/** The usual spans of a range that ends now, in milliseconds. */
export const PRESETS = [5, 15, 30, 60, 3 * 60, 6 * 60, 24 * 60, 7 * 24 * 60].map(
  (minutes) => minutes * MINUTE,
);

/** How the palette's keys are written on this machine. */
export const PALETTE_KEYS = /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘K" : "Ctrl K";
