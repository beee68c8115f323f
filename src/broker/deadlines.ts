/** A step at the broker took longer than it may. */
export class BrokerTimeout extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
    this.name = 'BrokerTimeout';
  }
}

/**
 * What `work` yields, if it does so within `ms`; it is not stopped otherwise, only no longer waited for.
 * @throws {BrokerTimeout} when it takes longer
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new BrokerTimeout(ms)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
