import { describe, expect, it } from '@jest/globals';
import { Activity } from '../../monitoring/activity.js';
import { type PortalReport } from '../../monitoring/portal-report.js';
import { type Portal } from '../../portals/portal-record.js';
import { type LedgerReading, viewOf } from './snapshot.js';

const ACME: Portal = {
  memberId: 'm1',
  name: 'acme',
  formerName: null,
  domain: 'acme.test',
  clientEndpoint: 'https://acme.test/rest/',
  accessToken: 'a',
  refreshToken: 'r',
  tokenExpiresAt: 0,
  tokenRenewedAt: 0,
  applicationToken: null,
  state: 'active',
  stateReason: null,
  stateSince: 0,
  extended: true,
  authorizationServer: null,
  notificationHandler: null,
  sourceKeys: { present: '', former: [] },
  sharedSeenAt: null,
  marksFailingSince: null,
  installRefused: null,
  badAnswers: 0,
  askAgainAt: null,
  paused: null,
};

describe('the view of a portal', () => {
  const nothing = new Activity().of('acme');
  const report: PortalReport = {
    at: 1000,
    rate: 7,
    failureRate: 1,
    lagMs: 300,
    activity: { ...nothing, inFlight: null },
  };
  const ledger = (owner: string | null, teller: string): LedgerReading => ({
    troubles: new Map(),
    inFlight: new Map([['m1', 5]]),
    owners: new Map(owner === null ? [] : [['m1', owner]]),
    reports: new Map([[teller, new Map([['m1', report]])]]),
  });
  const unknown = { toldAt: null, rate: null, failureRate: null, lagMs: null };

  it('has what its owner tells, and what the ledger knows better', () => {
    expect(viewOf(ACME, false, nothing, ledger('b', 'b'))).toMatchObject({
      owner: 'b',
      toldAt: 1000,
      rate: 7,
      failureRate: 1,
      lagMs: 300,
      inFlight: 5,
      activity: report.activity,
    });
  });

  it('has nothing of what others tell: the owner that was, or anybody where nobody owns it', () => {
    expect(viewOf(ACME, false, nothing, ledger('c', 'b'))).toMatchObject({ owner: 'c', ...unknown });
    expect(viewOf(ACME, false, nothing, ledger(null, 'b'))).toMatchObject({ owner: null, ...unknown });
    expect(viewOf(ACME, false, nothing, null)).toMatchObject({ owner: null, ...unknown });
  });

  it('has what this process sees where it runs the rounds', () => {
    expect(viewOf(ACME, true, nothing, ledger('b', 'b'))).toMatchObject({
      owner: null,
      toldAt: null,
      rate: 0,
    });
  });
});
