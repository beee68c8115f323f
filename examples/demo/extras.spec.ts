import { describe, expect, it } from '@jest/globals';
import { type Received } from './consumer.js';
import { Extras } from './extras.js';
import { type DemoPortals } from './portals.js';

const event = (more: Partial<Received>) =>
  ({ origin: null, subject: 'crm.deal/1', deal: null, snapshotCount: null, ...more }) as Received;
const portals = (...subjects: string[]) =>
  ({ named: () => ({ changeSilently: () => subjects }) }) as unknown as DemoPortals;

describe('what comes beside the portals’ own events', () => {
  it('is complete when the snapshot has ended and all that was withheld was found', () => {
    const extras = new Extras('acme');
    extras.withhold(portals('crm.deal/7'));
    extras.received(event({ origin: 'snapshot', subject: 'crm.deal/1', deal: 'Deal 1: NEW' }));
    extras.received(event({ origin: 'snapshot', subject: 'crm.deal/1' }));
    expect(extras.complete).toBe(false);
    extras.received(event({ origin: 'snapshot', subject: '', snapshotCount: 1 }));
    expect(extras.complete).toBe(false);
    extras.received(event({ origin: 'reconciled', subject: 'crm.deal/7' }));
    extras.received(event({ subject: 'crm.deal/9' }));
    expect(extras.complete).toBe(true);
    expect(extras.lastDeal).toBe('Deal 1: NEW');
    expect(extras.report()).toEqual({
      snapshot: { announced: 1, received: 1 },
      withheld: 1,
      found: 1,
      faults: [],
    });
  });

  it('is off where something is missing, comes twice or was invented', () => {
    const extras = new Extras('acme');
    extras.withhold(portals('crm.deal/7', 'crm.deal/8'));
    for (const subject of ['crm.deal/7', 'crm.deal/7', 'crm.deal/5'])
      extras.received(event({ origin: 'reconciled', subject }));
    expect(extras.report().faults).toEqual([
      'the snapshot of acme did not end',
      'never found: the withheld change of crm.deal/8',
      'found 2 times: the withheld change of crm.deal/7',
      'found, and nobody withheld it: a change of crm.deal/5',
    ]);
    extras.received(event({ origin: 'snapshot', subject: '', snapshotCount: 3 }));
    expect(extras.report().faults[0]).toBe('snapshot: 3 deals says its end, 0 received the consumer');
  });
});
