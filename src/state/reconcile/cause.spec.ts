import { expect, it } from '@jest/globals';
import { type CauseFacts, likelyCause } from './cause.js';

const AT = 10_000_000;
const facts = (more: Partial<CauseFacts> = {}): CauseFacts => ({
  changedFrom: AT,
  changedTo: AT,
  spells: [],
  installedAt: 0,
  updatedBy: '1',
  ownUser: null,
  sharedSeenAt: null,
  ...more,
});

it('is what the portal was silent for at that time', () => {
  const spells = [
    { cause: 'suspended', since: AT - 60_000, until: AT - 30_000 },
    { cause: 'bindings_missing', since: AT - 20_000, until: AT + 20_000 },
  ] as const;
  expect(likelyCause(facts({ spells }))).toBe('bindings_missing');
  expect(likelyCause(facts({ spells, changedFrom: AT - 40_000, changedTo: AT - 40_000 }))).toBe('suspended');
  expect(likelyCause(facts({ spells, changedFrom: AT + 90_000, changedTo: AT + 90_000 }))).toBe('unknown');
  // Of a delete it is only known that it was some time since the last sweep.
  expect(likelyCause(facts({ spells: [spells[0]], changedFrom: AT - 90_000, changedTo: AT }))).toBe(
    'suspended',
  );
});

it('lasts where a spell is not over', () => {
  expect(likelyCause(facts({ spells: [{ cause: 'unfinished', since: AT - 1, until: null }] }))).toBe(
    'unfinished',
  );
});

it('is the installation, our own user, another program, or nothing that is known', () => {
  expect(likelyCause(facts({ installedAt: AT + 1 }))).toBe('not_installed');
  expect(likelyCause(facts({ ownUser: '1' }))).toBe('own_write');
  expect(likelyCause(facts({ ownUser: '2', sharedSeenAt: AT - 3_600_000 }))).toBe('shared_queue');
  expect(likelyCause(facts({ ownUser: '2' }))).toBe('unknown');
});
