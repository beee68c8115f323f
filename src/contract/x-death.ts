import { isObject, keep } from './reply-fields.js';

/** Why and where a message died last, from its header `x-death`: RabbitMQ puts the newest death first. */
export function describeDeath(deaths: unknown): string {
  const newest: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  if (!isObject(newest) || typeof newest['reason'] !== 'string') return 'dead-lettered';
  const { reason, queue } = newest;
  const told =
    typeof queue === 'string' ? `${reason} ${reason === 'rejected' ? 'by' : 'in'} queue ${queue}` : reason;
  return keep(told) ?? 'dead-lettered';
}
