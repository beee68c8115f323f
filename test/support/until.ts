const LOOK_EVERY_MS = 20;
/** What takes longer to come is looked for a little less often: a twentieth of the wait is not missed. */
const LATER_EVERY_MS = 60;
const PART_OF_WAIT = 20;
/** Several suites share the machine: looking takes at most one part in so many of the time that is waited. */
const SHARE = 40;
const LOOK_AT_LEAST_EVERY_MS = 250;

/**
 * Waits for a condition, looking every few milliseconds, and less often where the look itself takes long.
 * @throws Error with `what` when it does not come true within `timeoutMs`
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 45_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  const startedAt = performance.now();
  for (;;) {
    const began = performance.now();
    if (await condition()) return;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`);
    const now = performance.now();
    const laterMs = Math.min((now - startedAt) / PART_OF_WAIT, LATER_EVERY_MS);
    const pauseMs = Math.max(LOOK_EVERY_MS, laterMs, (now - began) * (SHARE - 1));
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, LOOK_AT_LEAST_EVERY_MS)));
  }
}
