import { type Log } from '../../logging/log.js';

/** The service's log, as something that Nest can inject. */
export abstract class ApiLog {
  abstract readonly info: Log['info'];
  abstract readonly warn: Log['warn'];
}
