import { type RoundMemory } from './round-memory.js';

/** An application update drops every binding, and what changes until they are back is in no queue. */
export const CHECK_EVERY_MS = 300_000;
/** While the application's installation is not finished, an administrator may be about to finish it. */
export const UNFINISHED_CHECK_EVERY_MS = 30_000;

/** How often features, bindings and the installation are asked for. */
export function checkEveryMs({ installed }: Pick<RoundMemory, 'installed'>): number {
  return installed === false ? UNFINISHED_CHECK_EVERY_MS : CHECK_EVERY_MS;
}
