import { describe, expect, it } from '@jest/globals';
import { summarise } from './profile.js';

const frame = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber });

/** root → idle; root → run (service) → run (database driver) → native write. One sample a millisecond. */
const profile = {
  startTime: 1_000_000,
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('record', 'file:///app/dist/ledger/record.js', 9), children: [4] },
    { id: 4, callFrame: frame('run', 'file:///app/node_modules/libsql/index.js', 4), children: [5] },
    { id: 5, callFrame: frame('write') },
  ],
  samples: [2, 3, 4, 4, 5, 2, 5, 2],
  timeDeltas: [0, 1000, 1000, 1000, 1000, 1000, 1000, 1000],
};

describe('profile', () => {
  it('shares the busy time out, by function, owner and caller', () => {
    const summary = summarise(profile, 0, 2_000_000);
    // Seven milliseconds, of which two are idle; the last sample stands for no time.
    expect(summary.busy).toBeCloseTo((5 / 7) * 100);
    expect(summary.functions).toEqual([
      { what: 'run libsql/index.js:5', share: 40 },
      { what: 'write', share: 40 },
      { what: 'record dist/ledger/record.js:10', share: 20 },
    ]);
    expect(summary.owners).toEqual([
      { what: 'libsql', share: 40 },
      { what: 'native functions', share: 40 },
      { what: 'dist/ledger', share: 20 },
    ]);
    expect(summary.inclusive).toEqual([{ what: 'record dist/ledger/record.js:10', share: 100 }]);
  });

  it('leaves out what lies outside the window', () => {
    const summary = summarise(profile, 1_001_000, 1_003_000);
    expect(summary.busy).toBe(100);
    expect(summary.functions.map(({ what }) => what)).toEqual([
      'record dist/ledger/record.js:10',
      'run libsql/index.js:5',
    ]);
  });
});
