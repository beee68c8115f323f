import { type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerBadly, isBadAnswer } from './bad-answers.js';
import { commits, takeFault, type Fault, type FaultSet } from './faults.js';
import { phpJsonDecode, PhpArray } from './php.js';
import { parseStr } from './php-query.js';
import { toJson } from './verbatim.js';

export interface HttpAnswer {
  readonly status: number;
  /** A text is a page, anything else JSON. */
  readonly body: unknown;
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** The parameters of a request as PHP would see them: the query string's, overridden by the body's. */
export async function readParams(request: IncomingMessage, search: string): Promise<PhpArray> {
  const body = await readBody(request);
  const type = request.headers['content-type'] ?? '';
  return new PhpArray([...parseStr(search.replace(/^\?/, '')), ...bodyParams(type, body)]);
}

/** A body that is not declared as JSON is a form, whatever else it is declared as. */
function bodyParams(type: string, body: string): PhpArray {
  if (type.replace(/;.*$/s, '').trim() !== 'application/json') return parseStr(body.trim());
  try {
    const parsed = phpJsonDecode(body.trim());
    return parsed instanceof PhpArray ? parsed : new PhpArray();
  } catch {
    return new PhpArray();
  }
}

export function send(response: ServerResponse, { status, body }: HttpAnswer): void {
  if (typeof body === 'string') sendText(response, status, 'text/html; charset=utf-8', body);
  else sendText(response, status, 'application/json; charset=utf-8', toJson(body));
}

export function sendText(response: ServerResponse, status: number, type: string, text: string): void {
  if (response.destroyed || response.writableEnded) return;
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

const PAGE = '<!DOCTYPE html><html><head><title>Service unavailable</title></head><body>nginx</body></html>';

/**
 * Serves a request unless a fault hits it first.
 * @param names names under which the request may be hit, its own method first
 */
export async function serveWithFaults(
  response: ServerResponse,
  sets: readonly FaultSet[],
  names: readonly string[],
  serve: () => Promise<HttpAnswer>,
  notServed: (refusal: string | null) => void,
): Promise<void> {
  const delay = takeFault(sets, names, (fault) => fault.kind === 'delay');
  if (delay) await sleep(delay.ms ?? 0, undefined, { ref: false });
  const hitsWhole = (fault: Fault): boolean =>
    fault.kind !== 'delay' &&
    (fault.kind !== 'error' || fault.method === '*' || fault.method.toLowerCase() === names[0]);
  const fault = takeFault(sets, names, hitsWhole);
  if (!fault) {
    send(response, await serve());
    return;
  }
  const answer = commits(fault) ? await serve() : null;
  if (!answer) notServed(fault.kind === 'error' ? (fault.error ?? 'INTERNAL_SERVER_ERROR') : null);
  await applyFault(response, fault, answer);
}

async function applyFault(response: ServerResponse, fault: Fault, answer: HttpAnswer | null): Promise<void> {
  const { kind } = fault;
  if (isBadAnswer(kind)) return answerBadly(response, kind, fault.bytes);
  switch (kind) {
    case 'drop-before-commit':
    case 'drop-after-commit':
      response.socket?.destroy();
      return;
    case 'error': {
      const error = fault.error ?? 'INTERNAL_SERVER_ERROR';
      const body = { error, error_description: fault.description ?? 'Injected fault' };
      send(response, { status: fault.status ?? 500, body });
      return;
    }
    case 'html':
      sendText(response, fault.status ?? 502, 'text/html; charset=utf-8', PAGE);
      return;
    case 'truncated': {
      const text = toJson(answer?.body ?? { result: null, time: {} });
      const half = text.slice(0, Math.ceil(text.length / 2));
      sendText(response, answer?.status ?? 200, 'application/json; charset=utf-8', half);
      return;
    }
    case 'sql-error':
    case 'stall':
    case 'delay':
  }
}
