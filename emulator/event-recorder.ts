import { type Application, type Applications } from './applications.js';
import { type Caller } from './callers.js';
import { type OfflineQueue } from './offline-queue.js';

/** Writes changes of objects into the queues of the applications that have bound their events. */
export class EventRecorder {
  constructor(
    private readonly applications: Applications,
    private readonly queue: OfflineQueue,
    private readonly portal: {
      /** Whether an application's installation is finished: before that nothing is recorded for it. */
      readonly installed: (application: Application) => boolean;
      /** Tells an application that its queue gained rows. */
      readonly notify: (application: Application) => void;
    },
  ) {}

  /**
   * An object was changed: a row for every offline binding of the event, save those of the caller's own
   * application under the caller's own source key. With the same application's tokens and the same key (or without
   * one on both sides) nothing is recorded; with another key it is, for all consumers of that application's queue.
   */
  record(event: string, data: unknown, by: Caller): void {
    for (const application of this.applications.all()) {
      if (!this.portal.installed(application)) continue;
      const bindings = application.bindings
        .offline(event)
        .filter(({ connector }) => by.clientId !== application.clientId || by.connector !== connector);
      for (const { connector } of bindings) {
        this.queue.push({ event, data, userId: String(by.userId), connector }, application.id);
      }
      if (bindings.length > 0) this.portal.notify(application);
    }
  }
}
