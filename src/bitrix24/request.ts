import { type HttpService } from '@nestjs/axios';
import axios from 'axios';
import { firstValueFrom } from 'rxjs';
import { freshAgents, keptAgents, SendRecorder } from './connections.js';
import {
  type ErrorDetails,
  OutcomeUnknown,
  PortalError,
  PortalMisconfigured,
  PortalUnreachable,
  RequestCancelled,
} from './errors.js';
import { isObject } from './json-values.js';

export interface HttpRequest {
  /** Name for errors: the REST method, or `oauth/token`. */
  name: string;
  verb: 'GET' | 'POST';
  url: string;
  /** JSON text. */
  body?: string;
  /** Milliseconds for all of it, from the first lookup to the answer's last byte. */
  timeoutMs: number;
  connection: 'kept' | 'fresh';
  /** Bytes of the answer, decompressed. */
  maxAnswerBytes: number;
  /** Cuts the request off, wherever it is. */
  cut?: AbortSignal | undefined;
  /** Asked once more when the connection is there, since opening one takes its time. */
  permitted?: () => boolean;
}

export interface JsonAnswer {
  status: number;
  body: Record<string, unknown>;
}

/** Code of the error for a redirect. */
export const REDIRECTED = 'REDIRECTED';

/**
 * Never cancelled. Without one, @nestjs/axios makes one for each request and cancels it when the answer is there,
 * which builds an error with its stack for nobody; we cut requests off by their signal.
 */
const NEVER = new axios.CancelToken(() => undefined);

/**
 * Sends one request, once, and returns its answer if that is a JSON object, whatever its status and its content
 * type. Follows no redirect. Ignores proxy variables of the environment: tokens go where the settings say, and
 * the portal's rate budget is counted per address of the caller.
 *
 * @throws {RequestCancelled} it was not permitted any more when the connection was there
 * @throws {PortalUnreachable} no connection came about: certainly not executed
 * @throws {OutcomeUnknown} the request may have arrived, and there is no usable answer
 * @throws {PortalMisconfigured} the answer is a redirect: the server moved, and what it did is unknown
 */
export async function sendRequest(http: HttpService, request: HttpRequest): Promise<JsonAnswer> {
  const recorder = new SendRecorder(request.permitted);
  const stop = new AbortController();
  let stoppedBy: 'TIMEOUT' | 'CUT_OFF' | null = null;
  const stopFor = (reason: 'TIMEOUT' | 'CUT_OFF'): void => {
    stoppedBy ??= reason;
    stop.abort();
  };
  const onCut = (): void => stopFor('CUT_OFF');
  // axios' own timeout counts silence, so an answer that trickles would never end.
  const timer = setTimeout(() => stopFor('TIMEOUT'), request.timeoutMs);
  request.cut?.addEventListener('abort', onCut, { once: true });
  if (request.cut?.aborted === true) onCut();
  try {
    const answer = await firstValueFrom(
      http.request<Buffer>({
        method: request.verb,
        url: request.url,
        ...(request.body === undefined ? {} : { data: request.body }),
        headers: {
          Accept: 'application/json',
          'User-Agent': 'bitrix24-offline-bridge',
          ...(request.body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        adapter: 'http',
        responseType: 'arraybuffer',
        transformRequest: [(data: unknown) => data],
        transformResponse: [(data: unknown) => data],
        validateStatus: () => true,
        maxRedirects: 0,
        maxContentLength: request.maxAnswerBytes,
        maxBodyLength: Infinity,
        timeout: 0,
        proxy: false,
        ...(request.connection === 'kept' ? keptAgents : freshAgents),
        transport: recorder,
        signal: stop.signal,
        cancelToken: NEVER,
      }),
    );
    return readAnswer(request.name, answer.status, answer.data, headerText(answer.headers['location']));
  } catch (error) {
    if (error instanceof PortalError) throw error;
    if (recorder.refused) throw new RequestCancelled(notPermitted(request.name));
    const code = stoppedBy ?? codeOf(error);
    throw recorder.reached
      ? new OutcomeUnknown({
          method: request.name,
          code,
          status: statusOf(error),
          description: 'the request was sent, no usable answer came',
        })
      : new PortalUnreachable({
          method: request.name,
          code,
          description: `no connection to ${hostOf(request.url)}, nothing was sent`,
        });
  } finally {
    clearTimeout(timer);
    request.cut?.removeEventListener('abort', onCut);
  }
}

/** What an error says of a request that nobody may send any more. */
export function notPermitted(method: string): ErrorDetails {
  return { method, code: 'NOT_OURS', description: 'the portal belongs to another process by now' };
}

function readAnswer(name: string, status: number, data: Buffer, location: string | null): JsonAnswer {
  if (status >= 300 && status < 400) {
    throw new PortalMisconfigured({
      method: name,
      code: REDIRECTED,
      status,
      description: `redirected to ${location === null ? 'nowhere' : hostOf(location)}, which is not followed`,
      executed: 'unknown',
    });
  }
  const body = parseObject(data);
  if (body !== null) return { status, body };
  throw new OutcomeUnknown({
    method: name,
    code: 'NOT_JSON',
    status,
    description: `expected a JSON object, got ${data.length} bytes of something else`,
  });
}

function parseObject(data: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(data.toString('utf8').replace(/^\uFEFF/, ''));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Checks an address that tokens are about to be sent to and returns it with a slash at its end.
 * @throws {TypeError} saying what is wrong with it
 */
export function checkedAddress(address: string, allowHttp: boolean): string {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw new TypeError('not an address');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new TypeError('neither https:// nor http://');
  if (url.protocol === 'http:' && !allowHttp) throw new TypeError('http:// is not allowed by the settings');
  if (url.username !== '' || url.password !== '') throw new TypeError('it contains credentials');
  if (url.search !== '' || url.hash !== '') throw new TypeError('it contains a query');
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}

/** Replaces secrets in a text that a server chose: some echo what they were sent. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((clean, secret) => (secret === '' ? clean : clean.replaceAll(secret, '***')), text);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an unreadable address';
}

function headerText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'FAILED';
  if (/maxContentLength/.test(error.message)) return 'ANSWER_TOO_LARGE';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return code === '' ? 'FAILED' : code;
}

function statusOf(error: unknown): number | null {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
    ? error.status
    : null;
}
