import { type Account } from './log-in-attempts.js';
import { type Sender } from './sender.js';

/** Attempts in five minutes from one address, or from one browser that has logged in before. */
export const LOG_INS_IN_PERIOD = 10;
/**
 * Through one trusted proxy, for all addresses that it names together: a client inside the trusted range can name any
 * address, and must not get attempts for each.
 */
const LOG_INS_THROUGH_PROXY = 20;
/** For each address that an undeclared proxy names, so that one of them leaves attempts for the others. */
const LOG_INS_CLAIMED = 5;
/** From everywhere: a hundred million a year, far too few to guess a random password of twelve characters. */
const LOG_INS_OF_ALL = 1000;

/** What an attempt from a browser that has not logged in before is counted on. */
export function accountsOf({ address, proxies, claimed }: Sender): Account[] {
  return [
    { key: 'all', limit: LOG_INS_OF_ALL },
    { key: `address ${address}`, limit: LOG_INS_IN_PERIOD },
    ...[...new Set(proxies)].map((proxy) => ({ key: `proxy ${proxy}`, limit: LOG_INS_THROUGH_PROXY })),
    ...(claimed === null ? [] : [{ key: `claim ${address} ${claimed}`, limit: LOG_INS_CLAIMED }]),
  ];
}
