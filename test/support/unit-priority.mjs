import { setPriority } from 'node:os';
import { expect } from '@jest/globals';
import { UNIT } from '../../jest.config.mjs';

const A_LITTLE_LOWER = 5;

/** Before each suite. Unit suites, in a worker of their own, compute when journeys, which have time limits, wait. */
export default function giveWay() {
  const inWorker = process.send !== undefined;
  if (inWorker && UNIT.test(expect.getState().testPath ?? '')) setPriority(A_LITTLE_LOWER);
}
