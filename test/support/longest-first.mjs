import Sequencer from '@jest/test-sequencer';

/** What waits longest for the clock: begun last, it would keep everybody waiting for it alone. */
const LONGEST = [
  'test/torture/torture',
  'test/outages/no-twin',
  'test/outages/portal-without-marks',
  'test/outages/broker.',
  'test/outages/unread-replies',
  'test/outages/twin',
  'test/portal-life-cycle/addresses',
  'test/portal-life-cycle/refused-tokens',
  'test/portal-life-cycle/source-key',
  'test/portal-life-cycle/undecided-installs',
  'test/portal-life-cycle/kinds',
  'test/budget',
  'test/demo',
  'test/model/loses-nothing',
  'src/drain/pacing/first-rounds',
  'emulator/offline-queue',
];

/** The longest suites first; the others as jest orders them: by what it remembers of them, or by their size. */
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const ordered = await super.sort(tests);
    const rank = ({ path }) => {
      const found = LONGEST.findIndex((part) => path.includes(`/${part}`));
      return found < 0 ? LONGEST.length : found;
    };
    return [...ordered].sort((one, other) => rank(one) - rank(other));
  }
}
