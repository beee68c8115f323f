import { type IncomingMessage } from 'node:http';
import { types } from 'node:util';
import { type HttpService } from '@nestjs/axios';
import axios from 'axios';
import { firstValueFrom } from 'rxjs';
import { BadBody, PACKINGS, readBody } from './answer-body.js';
import { type AnswerLimits, ERROR_ANSWER } from './answer-limits.js';
import { type AnswerShare, UNLIMITED_MEMORY } from './answer-memory.js';
import { certificateAdvice } from './certificates.js';
import { SendRecorder } from './connections.js';
import {
  type ErrorDetails,
  OutcomeUnknown,
  PortalError,
  PortalUnreachable,
  RequestCancelled,
  UnusableAnswer,
} from './errors.js';
import { TooMuchJson } from '../json/json-structure.js';
import { readJson } from '../json/large-json.js';
import { isObject } from './json-values.js';
import { domainOf, shown } from './portal-address.js';
import { redirectError } from './redirect.js';
import { type Proxy } from './proxy.js';
import { refusalOf } from './tunnel-agent.js';
import { DIRECT, OutboundHttp } from './outbound-routes.js';

export interface HttpRequest {
  /** Name for errors: the REST method, or `oauth/token`. */
  name: string;
  verb: 'GET' | 'POST';
  url: string;
  body?: string;
  /** Of the body; JSON by default. */
  contentType?: string;
  /** Milliseconds for all of it, from the first lookup to the answer's last byte. */
  timeoutMs: number;
  connection: 'kept' | 'fresh';
  /** What the answer may be where the server did what it was asked; any other has to be a small one. */
  limits: AnswerLimits;
  /** What the answer takes of the memory for all; by default it may take any. */
  share?: AnswerShare | undefined;
  /** Called, and waited for, when the answer turns out to be a large one, before it is read on. */
  large?: (() => Promise<void>) | undefined;
  /** Cuts the request off, wherever it is. */
  cut?: AbortSignal | undefined;
  /** Asked once more when the connection is there, since opening one takes its time. */
  permitted?: () => boolean;
}

interface JsonAnswer {
  status: number;
  body: Record<string, unknown>;
}

/**
 * Never cancelled. Without one, @nestjs/axios makes one for each request and cancels it when the answer is there,
 * which builds an error with its stack that is not read; we cut requests off by their signal.
 */
const NEVER = new axios.CancelToken(() => undefined);
/** An answer that has begun has so long to end, ms: a slow sender holds a place that others need. */
const BODY_MS = 20_000;

/**
 * Sends one request, once, and returns its answer if that is a JSON object, whatever its status and its content
 * type. Follows no redirect. The answer is read, unpacked and parsed no further than its limits go, and a large one in
 * parts between which everything else has its turn. It goes the way of its client: directly, or through the proxy of the settings, never
 * through one that only the environment knows.
 *
 * @throws {RequestCancelled} it was not permitted any more when the connection was there
 * @throws {PortalUnreachable} no connection came about: certainly not executed
 * @throws {OutcomeUnknown} the request may have arrived, and there is no usable answer
 * @throws {PortalMisconfigured} the answer is a redirect: the server moved, and what it did is unknown
 * @throws {PortalSuspended} the redirect says that the portal's licence has expired
 */
export async function sendRequest(http: HttpService, request: HttpRequest): Promise<JsonAnswer> {
  const stop = new AbortController();
  const ownShare = request.share === undefined ? UNLIMITED_MEMORY.open() : null;
  const { proxy, agents } = (http instanceof OutboundHttp ? http.routes : DIRECT).to(
    request.url,
    request.connection,
  );
  const recorder = new SendRecorder(request.permitted, proxy, stop.signal);
  let stoppedBy: 'TIMEOUT' | 'CUT_OFF' | null = null;
  const stopFor = (reason: 'TIMEOUT' | 'CUT_OFF'): void => {
    stoppedBy ??= reason;
    stop.abort();
  };
  const onCut = (): void => stopFor('CUT_OFF');
  // axios' own timeout counts silence, so an answer that trickles would never end.
  const timer = setTimeout(() => stopFor('TIMEOUT'), request.timeoutMs);
  let bodyTimer: NodeJS.Timeout | undefined;
  request.cut?.addEventListener('abort', onCut, { once: true });
  if (request.cut?.aborted === true) onCut();
  try {
    const answer = await firstValueFrom(
      http.request<IncomingMessage>({
        method: request.verb,
        url: request.url,
        ...(request.body === undefined ? {} : { data: request.body }),
        headers: {
          Accept: 'application/json',
          'Accept-Encoding': PACKINGS,
          'User-Agent': 'bitrix24-offline-bridge',
          ...(request.body === undefined
            ? {}
            : { 'Content-Type': request.contentType ?? 'application/json' }),
        },
        adapter: 'http',
        responseType: 'stream',
        decompress: false,
        transformRequest: [(data: unknown) => data],
        transformResponse: [(data: unknown) => data],
        validateStatus: () => true,
        maxRedirects: 0,
        maxContentLength: -1,
        maxBodyLength: Infinity,
        timeout: 0,
        proxy: false,
        ...agents,
        transport: recorder,
        signal: stop.signal,
        cancelToken: NEVER,
      }),
    );
    const { status, data } = answer;
    if ((proxy !== null && status === PROXY_AUTHENTICATION) || (status >= 300 && status < 400))
      data.destroy();
    if (proxy !== null && status === PROXY_AUTHENTICATION) {
      const { code, message } = refusalOf(proxy, hostOf(request.url), answer.status);
      throw new PortalUnreachable({ method: request.name, code, description: message });
    }
    if (answer.status >= 300 && answer.status < 400) {
      const location = headerText(answer.headers['location']);
      throw redirectError(request.name, answer.status, request.url, location);
    }
    let left = BODY_MS;
    let since = performance.now();
    const waits = (begun: boolean) => {
      if (begun) {
        clearTimeout(bodyTimer);
        left -= performance.now() - since;
      } else {
        since = performance.now();
        bodyTimer = setTimeout(() => stopFor('TIMEOUT'), left);
      }
    };
    waits(false);
    const limits = status === 200 ? request.limits : ERROR_ANSWER;
    const body = await readBody(data, {
      packing: headerText(answer.headers['content-encoding']) ?? '',
      limit: limits.bytes,
      share: request.share ?? ownShare ?? UNLIMITED_MEMORY.open(),
      large: request.large,
      signal: stop.signal,
      waits,
    });
    clearTimeout(bodyTimer);
    return await readAnswer(request.name, status, body, limits);
  } catch (error) {
    if (error instanceof PortalError) throw error;
    if (error instanceof BadBody && stoppedBy === null)
      throw unusable(request.name, error.code, recorder.status, error.message);
    if (recorder.refused) throw new RequestCancelled(notPermitted(request.name));
    const code = stoppedBy ?? codeOf(error);
    throw recorder.reached
      ? new OutcomeUnknown({
          method: request.name,
          code,
          status: recorder.status,
          description: 'the request was sent, no usable answer came',
        })
      : new PortalUnreachable({
          method: request.name,
          code,
          description: noConnection(error, request.url, proxy),
        });
  } finally {
    clearTimeout(timer);
    clearTimeout(bodyTimer);
    ownShare?.close();
    request.cut?.removeEventListener('abort', onCut);
  }
}

/** A proxy says so of itself, never a portal: the request went no further. */
const PROXY_AUTHENTICATION = 407;

/** Why nothing was sent. */
function noConnection(error: unknown, url: string, proxy: Proxy | null): string {
  const code = codeOf(error);
  // What the tunnel says of its proxy names it.
  if (error instanceof Error && code.startsWith('PROXY_')) return error.message;
  const fault = error instanceof Error ? certificateAdvice(code) : null;
  const cause = fault === null ? '' : `: ${fault}`;
  const through = proxy === null ? '' : ` through the proxy ${proxy.shown}`;
  return `no connection to ${hostOf(url)}${through}, nothing was sent${cause}`;
}

/** What an error says of a request that may not be sent any more. */
export function notPermitted(method: string): ErrorDetails {
  return { method, code: 'NOT_OURS', description: 'the portal belongs to another process by now' };
}

async function readAnswer(
  name: string,
  status: number,
  data: Buffer,
  limits: AnswerLimits,
): Promise<JsonAnswer> {
  let body: unknown;
  try {
    body = await readJson(data, limits);
  } catch (error) {
    if (error instanceof TooMuchJson)
      throw unusable(name, 'ANSWER_TOO_COMPLEX', status, `the answer holds ${error.message}`);
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (isObject(body)) return { status, body };
  const got = `expected a JSON object, got ${data.length} bytes of something else`;
  throw unusable(name, 'NOT_JSON', status, got);
}

/** An answer came, and nothing can be read from it. */
function unusable(method: string, code: string, status: number | null, description: string): PortalError {
  // A server in trouble answers pages; one that says 200 means what it answers.
  const error = status === 200 ? UnusableAnswer : OutcomeUnknown;
  return new error({ method, code, status, description });
}

const LONGEST_ADDRESS = 500;

/**
 * Checks an address that tokens are about to be sent to and returns it with a slash at its end.
 * @throws {TypeError} saying what is wrong with it
 */
export function checkedAddress(address: string, allowHttp: boolean): string {
  let url: URL;
  // It stands in log lines, pages and tables.
  if (address.length > LONGEST_ADDRESS) throw new TypeError('too long');
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
  return URL.canParse(url) ? shown(domainOf(url)) : 'an unreadable address';
}

function headerText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function codeOf(error: unknown): string {
  if (!types.isNativeError(error)) return 'FAILED';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // An answer that breaks off: Node tells of it in two ways, which differ between its versions; this is axios' word.
  if (code === axios.AxiosError.ERR_BAD_RESPONSE || code === 'ERR_STREAM_PREMATURE_CLOSE')
    return 'ECONNRESET';
  return code === '' ? 'FAILED' : code;
}
