import Sequencer from '@jest/test-sequencer';
import { KINDS } from '../../jest.config.mjs';

/** What waits longest for the clock: begun last, it would keep everybody waiting for it alone. */
const LONGEST = [
  'test/torture/torture',
  'test/outages/unread-replies',
  'test/state/reconcile.',
  'test/portal-life-cycle/refused-tokens',
  'test/outages/broker.',
  'test/broker/administered',
  'test/portal-life-cycle/undecided-installs',
  'test/times',
  'test/snapshot/complete',
  'test/outages/twin',
  'test/security/bad-answers',
  'test/outages/portal-without-marks',
  'test/one-prefix',
  'test/one-file',
  'test/portal-life-cycle/notifications',
  'test/portal-life-cycle/source-key',
  'test/security/tarpits',
  'test/budget',
  'test/demo',
  'test/outages/no-twin',
  'test/state/reconcile-',
  'test/state/restarts',
  'test/basic-plan',
  'test/slow-portal',
];

/** So many others between two of them. All at once they would have every worker wait, and the processors with them. */
const BETWEEN = 3;

/** Which have workers of their own. */
const OTHER_KINDS = KINDS.slice(0, -1).map(({ paths }) => new RegExp(paths));

/**
 * The longest suites over the first half of the run, each followed by some that compute meanwhile; the others as jest
 * orders them: by what it remembers of them, or by their size.
 */
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const ordered = await super.sort(tests);
    const rank = ({ path }) => LONGEST.findIndex((part) => path.includes(`/${part}`));
    const apart = ordered.filter(({ path }) => OTHER_KINDS.some((paths) => paths.test(path)));
    const long = ordered.filter((test) => rank(test) >= 0).sort((one, other) => rank(one) - rank(other));
    const others = ordered.filter((test) => rank(test) < 0 && !apart.includes(test));
    return [
      ...apart,
      ...long.flatMap((test, index) => [test, ...others.slice(BETWEEN * index, BETWEEN * (index + 1))]),
      ...others.slice(BETWEEN * long.length),
    ];
  }
}
