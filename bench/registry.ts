import { type Scenario } from './scenario.js';
import { backlog } from './scenarios/backlog.js';
import { fairness } from './scenarios/fairness.js';
import { history } from './scenarios/history.js';
import { idle } from './scenarios/idle.js';
import { latency } from './scenarios/latency.js';
import { memory } from './scenarios/memory.js';
import { notification } from './scenarios/notification.js';
import { pipe } from './scenarios/pipe.js';
import { questions } from './scenarios/questions.js';
import { reconcile } from './scenarios/reconcile.js';
import { recovery } from './scenarios/recovery.js';
import { refusingQueue } from './scenarios/refusing-queue.js';
import { registry } from './scenarios/registry.js';
import { replicas } from './scenarios/replicas.js';
import { replies } from './scenarios/replies.js';
import { scaling } from './scenarios/scaling.js';
import { snapshot } from './scenarios/snapshot.js';
import { state } from './scenarios/state.js';

/** Every scenario, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  backlog,
  pipe,
  notification,
  latency,
  replies,
  history,
  state,
  snapshot,
  questions,
  fairness,
  refusingQueue,
  idle,
  memory,
  scaling,
  replicas,
  registry,
  recovery,
  reconcile,
];
