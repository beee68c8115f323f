/** Work took longer than it may. */
export class TimedOut extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
    this.name = 'TimedOut';
  }
}

/**
 * What `work` yields, if it does so within `ms`; it is not stopped otherwise, only no longer waited for.
 * @param late makes the error for work that takes longer
 * @throws {TimedOut} when it takes longer, or what `late` makes
 */
export async function within<T>(
  ms: number,
  work: Promise<T>,
  late: (ms: number) => Error = (limit) => new TimedOut(limit),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late(ms)), ms);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
