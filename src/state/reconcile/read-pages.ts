import { type PortalError } from '../../bitrix24/errors.js';
import { type ListCommand } from '../reading/object-read.js';
import { readListed, type ListedObject } from './listed-object.js';
import { type ItemReader } from './reconcile-dependencies.js';

/** The portal refuses a kind of objects, or did not answer however often it was asked. */
export class CannotRead extends Error {
  constructor(error: PortalError) {
    super(error.message, { cause: error });
    this.name = 'CannotRead';
  }
}

/**
 * One page of each list, in the order of the commands; what cannot be compared is left out.
 * @throws {CannotRead} where one of them failed
 */
export async function readPages(
  reader: Pick<ItemReader, 'list'>,
  commands: readonly ListCommand[],
  signal: AbortSignal,
): Promise<ListedObject[][]> {
  const outcomes = await reader.list(commands, 'reconcile', signal);
  return outcomes.map((outcome) => {
    if ('failed' in outcome) throw new CannotRead(outcome.failed);
    return outcome.items.flatMap((item) => readListed(item) ?? []);
  });
}
