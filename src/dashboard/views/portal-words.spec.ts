import { describe, expect, it } from '@jest/globals';
import { Activity } from '../../monitoring/activity.js';
import { type Portal } from '../../portals/portal-record.js';
import { wordsIn } from '../html/words.js';
import { type PortalView } from '../live/snapshot.js';
import { roundWords } from './portal-words.js';

const NOW = 1_000_000_000;

describe('what is said of the last round of a portal', () => {
  const activity = new Activity(() => NOW - 20_000);
  activity.round('acme', {
    reserved: 3,
    errorRows: 0,
    adopted: 0,
    marked: 0,
    cleared: 0,
    more: null,
    failure: null,
  });
  const seen = activity.of('acme');
  const view = (toldAt: number | null, round = seen.round): PortalView => ({
    portal: { name: 'acme', state: 'active' } as Portal,
    here: false,
    owner: 'b',
    toldAt,
    troubles: {},
    refused: [],
    inFlight: 0,
    activity: { ...seen, round },
    rate: null,
    failureRate: null,
    lagMs: null,
  });
  const words = (shown: PortalView) =>
    roundWords(wordsIn('en'), shown, NOW)
      .text.replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();

  it('is what its replica told, and when where that was not just now', () => {
    expect(words(view(NOW - 3000))).toBe('20 s ago 3 reserved on replica b');
    expect(words(view(NOW - 12_000))).toBe('20 s ago 3 reserved on replica b , told 12 s ago');
  });

  it('is only where it runs as long as nobody has told', () => {
    expect(words(view(null))).toBe('on replica b');
    expect(words(view(NOW, null))).toBe('on replica b');
  });
});
