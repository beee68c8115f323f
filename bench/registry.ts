import { type Scenario } from './scenario.js';
import { backlog } from './scenarios/backlog.js';
import { latency } from './scenarios/latency.js';
import { pipe } from './scenarios/pipe.js';
import { replies } from './scenarios/replies.js';

/** Every scenario, in the order in which they run. */
export const scenarios: readonly Scenario[] = [backlog, pipe, latency, replies];
