import { reasonOf } from '../logging/reason.js';

/** The database took a part of a change by hand and then no more: what is done is done, the rest is as it was. */
export class PartlyDone extends Error {
  override readonly name = 'PartlyDone';

  /**
   * @param done deliveries that it was done to
   * @param cause the database's error; whether the part that met it was done may not be known
   */
  constructor(
    readonly done: number,
    cause: unknown,
  ) {
    super(reasonOf(cause), { cause });
  }
}
