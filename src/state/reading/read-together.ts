/**
 * Waits for the outcomes of several things that are wanted, in their order.
 * @param add has one of them done, tells what became of it, and returns what calls it off
 * @throws the signal's reason when it aborts first; then all are called off
 */
export function together<Wanted, Outcome>(
  wanted: readonly Wanted[],
  signal: AbortSignal,
  add: (one: Wanted, settle: (outcome: Outcome) => void) => () => void,
): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const outcomes: Outcome[] = [];
    const cancels: (() => void)[] = [];
    let left = wanted.length;
    const gone = () => {
      for (const cancel of cancels) cancel();
      reject(signal.reason as Error);
    };
    const end = () => {
      signal.removeEventListener('abort', gone);
      resolve(outcomes);
    };
    if (left === 0) return end();
    signal.addEventListener('abort', gone, { once: true });
    wanted.forEach((one, index) => {
      const settle = (outcome: Outcome) => {
        outcomes[index] = outcome;
        left -= 1;
        if (left === 0) end();
      };
      cancels.push(add(one, settle));
    });
  });
}
