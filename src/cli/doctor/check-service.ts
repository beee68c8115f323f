import { request } from 'node:http';
import { type Settings } from '../../config/settings.js';
import { reasonOf } from '../../logging/reason.js';
import { type Finding, note, ok, wrong } from '../command/findings.js';

const ANSWER_MS = 5000;
/** An answer says what is up and what not; more is none of ours. */
const LONGEST_ANSWER = 10_000;

/** Asks the service that runs by these settings whether it is ready, and says what it said. */
export async function checkService({ HTTP_HOST, HTTP_PORT }: Settings): Promise<Finding> {
  if (HTTP_PORT === 0) return note('service', 'not asked: with HTTP_PORT=0 its port is only in its log');
  const url = `http://${addressOf(HTTP_HOST)}:${HTTP_PORT}/health/ready`;
  let answer: { readonly status: number; readonly body: string };
  try {
    answer = await ask(url);
  } catch (error) {
    return (error as NodeJS.ErrnoException | null)?.code === 'ECONNREFUSED'
      ? note(
          'service',
          `none is running here: nothing listens at ${url}. Start it, or run doctor where it runs, with its settings`,
        )
      : wrong('service', `${url} does not answer: ${reasonOf(error)}. Look into the log of the service`);
  }
  const { status, body } = answer;
  if (status === 200) return ok('service', `${url} says that it is ready`);
  const reasons = reasonsIn(body);
  if (status === 503 && reasons !== null) {
    return wrong(
      'service',
      `${url} says that it is not ready: ${reasons}; it goes on by itself once that is mended`,
    );
  }
  return wrong(
    'service',
    `${url} answers with ${status}: another program listens there, or HTTP_PORT is another`,
  );
}

/** Where a service that listens everywhere is reached from here. */
function addressOf(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** Straight to it, whatever proxy portals are called through. */
function ask(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { agent: false, signal: AbortSignal.timeout(ANSWER_MS) }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        if (body.length < LONGEST_ANSWER) body += text;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asking.on('error', reject);
    asking.end();
  });
}

/** `broker: no answer; database: …` of what is down; null where it is no such answer. */
function reasonsIn(body: string): string | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return null;
  }
  const details: unknown =
    typeof parsed === 'object' && parsed !== null && 'details' in parsed ? parsed.details : null;
  if (typeof details !== 'object' || details === null) return null;
  const down = Object.entries(details).flatMap(([name, state]: [string, unknown]) => {
    if (typeof state !== 'object' || state === null || !('status' in state) || state.status === 'up')
      return [];
    const reason = 'reason' in state ? String(state.reason) : 'no reason given';
    return [`${name}: ${reason}`];
  });
  return down.length === 0 ? null : down.join('; ');
}
