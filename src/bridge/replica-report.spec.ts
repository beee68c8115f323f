import { describe, expect, it } from '@jest/globals';
import { type Settings } from '../config/settings.js';
import { type LogFields } from '../logging/log.js';
import { Activity } from '../monitoring/activity.js';
import { readReport } from '../monitoring/portal-report.js';
import { type Portal } from '../portals/portal-record.js';
import { ReplicaReport } from './replica-report.js';

const SETTINGS = { DASHBOARD_PASSWORD: 'correct horse', B24_CLIENT_SECRET: 'client-secret' } as Settings;
const FAILED = { reserved: 0, errorRows: 0, adopted: 0, marked: 0, cleared: 0, more: null };
const portal = (name: string) =>
  ({
    memberId: `id-${name}`,
    name,
    accessToken: `access-${name}`,
    refreshToken: `refresh-${name}`,
    applicationToken: `application-${name}`,
  }) as Portal;

describe('the report of a replica', () => {
  const activity = new Activity();
  const lines: LogFields[] = [];
  const write = (fields: LogFields) => void lines.push(fields);
  const around = {
    settings: SETTINGS,
    registry: {
      get: (memberId: string) => ['acme', 'globex'].map(portal).find((one) => one.memberId === memberId),
    },
    activity,
    running: () => ['id-acme', 'id-just-gone'],
    log: { debug: write, info: write, warn: write, error: write },
  };

  it('is of portals whose rounds run here, has no secret, and comes every few seconds at most', () => {
    const failure =
      'told access-acme refresh-acme application-acme client-secret at https://me:word@acme.test';
    activity.round('acme', { ...FAILED, failure });
    // Every replica takes replies.
    activity.failed('globex', 1);
    const report = new ReplicaReport(around);
    const text = report.next() ?? '';
    expect([...readReport(text, 0).keys()]).toEqual(['id-acme']);
    expect(text).not.toMatch(/(access|refresh|application)-acme|client-secret|me:word/);
    expect(readReport(text, 0).get('id-acme')?.activity.round?.failure).toBe(
      'told *** *** *** *** at https://***@acme.test',
    );
    expect(report.next()).toBeNull();
  });

  it('is nothing where no dashboard is open, or where it cannot be made', () => {
    const { DASHBOARD_PASSWORD: _closed, ...settings } = SETTINGS;
    expect(new ReplicaReport({ ...around, settings: settings }).next()).toBeNull();
    const broken = () => {
      throw new Error('broken');
    };
    expect(new ReplicaReport({ ...around, registry: { get: broken } }).next()).toBeNull();
    expect(lines).toEqual([{ event: 'replica.report_failed', reason: 'broken' }]);
  });
});
