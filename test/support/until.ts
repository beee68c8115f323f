const LOOK_EVERY_MS = 20;
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
  for (;;) {
    const began = performance.now();
    if (await condition()) return;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`);
    const pauseMs = Math.max(LOOK_EVERY_MS, (performance.now() - began) * (SHARE - 1));
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, LOOK_AT_LEAST_EVERY_MS)));
  }
}
