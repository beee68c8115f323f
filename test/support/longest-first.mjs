import Sequencer from '@jest/test-sequencer';

/** What waits longest for the clock: begun last, it would keep everybody waiting for it alone. */
const LONGEST = [
  'test/torture/torture',
  'test/outages/portal-without-marks',
  'test/outages/unread-replies',
  'test/portal-life-cycle/refused-tokens',
  'test/outages/broker.',
  'test/demo',
  'test/outages/twin',
  'test/outages/no-twin',
  'test/portal-life-cycle/undecided-installs',
  'test/budget',
  'test/security/bad-answers',
  'test/broker/administered',
  'test/one-prefix',
  'test/security/large-replies',
  'test/portal-life-cycle/addresses',
  'test/portal-life-cycle/announcements',
  'test/portal-life-cycle/kinds',
  'test/portal-life-cycle/source-key',
  'test/model/loses-nothing',
  'src/drain/pacing/first-rounds',
  'emulator/offline-queue',
];

/**
 * The longest suites early, each followed by one that computes meanwhile; the others as jest orders them: by what it
 * remembers of them, or by their size.
 */
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const ordered = await super.sort(tests);
    const rank = ({ path }) => LONGEST.findIndex((part) => path.includes(`/${part}`));
    const long = ordered.filter((test) => rank(test) >= 0).sort((one, other) => rank(one) - rank(other));
    const others = ordered.filter((test) => rank(test) < 0);
    return [
      ...long.flatMap((test, index) => [test, ...others.slice(index, index + 1)]),
      ...others.slice(long.length),
    ];
  }
}
