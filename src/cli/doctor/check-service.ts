import { request } from 'node:http';
import { type Settings } from '../../config/settings.js';
import { Phrase } from '../../i18n/translate.js';
import { reasonOf } from '../../logging/reason.js';
import { type Finding, note, ok, wrong } from '../command/findings.js';

const ANSWER_MS = 5000;
/** An answer says what is up and what not; more is none of ours. */
const LONGEST_ANSWER = 10_000;

/** Asks the service that runs by these settings whether it is ready, and says what it said. */
export async function checkService({ HTTP_HOST, HTTP_PORT }: Settings): Promise<Finding> {
  if (HTTP_PORT === 0) return note('service', Phrase.of('doctor.notAsked'));
  const url = `http://${addressOf(HTTP_HOST)}:${HTTP_PORT}/health/ready`;
  let answer: { readonly status: number; readonly body: string };
  try {
    answer = await ask(url);
  } catch (error) {
    return (error as NodeJS.ErrnoException | null)?.code === 'ECONNREFUSED'
      ? note('service', Phrase.of('doctor.notRunning', { url }))
      : wrong('service', Phrase.of('doctor.serviceSilent', { url, reason: reasonOf(error) }));
  }
  const { status, body } = answer;
  if (status === 200) return ok('service', Phrase.of('doctor.ready', { url }));
  const reasons = reasonsIn(body);
  if (status === 503 && reasons !== null)
    return wrong('service', Phrase.of('doctor.notReady', { url, reasons }));
  return wrong('service', Phrase.of('doctor.stranger', { url, status }));
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
