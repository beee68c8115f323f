import amqp from 'amqplib';
import { readTask } from './support/child-program.js';

/** What the loop is to drain and where its events go. */
export interface NaiveTask {
  /** REST root of the portal. */
  readonly endpoint: string;
  readonly accessToken: string;
  readonly rabbitmqUrl: string;
  readonly exchange: string;
  /** How long it goes on after the portal has first refused a request. */
  readonly afterRefusalMs: number;
  readonly atMostMs: number;
}

/** Where the loop stands, after each of its turns. Milliseconds and counts from its start. */
export interface NaiveProgress {
  readonly at: number;
  readonly events: number;
  readonly requests: number;
  readonly refusals: number;
}

/** What the portal's documentation shows: pages of fifty. */
const LIMIT = 50;
/** The time in which the portal's budget recovers by one request. */
const REFUSED_PAUSE_MS = 500;

/**
 * The loop that is commonly written by hand: reserve a page, publish its events one after another, each once the
 * one before is confirmed, delete the page, repeat. It loses nothing while nothing goes wrong.
 */
async function naiveLoop(task: NaiveTask, report: (progress: NaiveProgress) => void): Promise<void> {
  const connection = await amqp.connect(task.rabbitmqUrl);
  const channel = await connection.createConfirmChannel();
  const startedAt = performance.now();
  const now = () => performance.now() - startedAt;
  let events = 0;
  let requests = 0;
  let refusals = 0;
  let endAt = task.atMostMs;

  const call = async (method: string, params: object): Promise<unknown> => {
    for (;;) {
      requests += 1;
      const response = await fetch(task.endpoint + method, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...params, auth: task.accessToken }),
      });
      const body = (await response.json()) as { result?: unknown; error?: string };
      if (body.error === undefined) return body.result;
      if (body.error !== 'QUERY_LIMIT_EXCEEDED') throw new Error(`${method}: ${body.error}`);
      if (refusals === 0) endAt = Math.min(endAt, now() + task.afterRefusalMs);
      refusals += 1;
      report({ at: now(), events, requests, refusals });
      await new Promise((resolve) => setTimeout(resolve, REFUSED_PAUSE_MS));
    }
  };

  while (now() < endAt) {
    const page = (await call('event.offline.get', { limit: LIMIT, clear: 0 })) as {
      process_id: string;
      events: { EVENT_NAME: string }[];
    };
    if (page.events.length === 0) break;
    for (const event of page.events) {
      await new Promise<void>((resolve, reject) => {
        const key = event.EVENT_NAME.toLowerCase();
        const body = Buffer.from(JSON.stringify(event));
        channel.publish(task.exchange, key, body, { persistent: true }, (error: unknown) => {
          if (error === null || error === undefined) resolve();
          else reject(new Error('the broker refused an event', { cause: error }));
        });
      });
      events += 1;
    }
    report({ at: now(), events, requests, refusals });
    await call('event.offline.clear', { process_id: page.process_id });
  }
  report({ at: now(), events, requests, refusals });
  await connection.close();
}

const { task, report, finish } = await readTask<NaiveTask>();
await naiveLoop(task, report);
await finish();
