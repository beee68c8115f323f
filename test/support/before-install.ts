import { request } from 'node:http';
import Libsql from 'libsql';
import { freePort } from '../../scripts/free-ports.mjs';
import { type EmulatedPortal } from '../../emulator/index.js';
import { type LogLine, type TestBridge } from './test-bridge.js';
import { type BridgeFor, TestSystem, type TestSystemOptions } from './test-system.js';
import { until } from './until.js';

/** Settings of a service that portals call at an address of its own. */
export async function atPublicAddress(): Promise<{ HTTP_PORT: string; PUBLIC_URL: string }> {
  const port = await freePort();
  return { HTTP_PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}` };
}

/** A system whose portal has not installed the application yet. The service is up, and consumers listen. */
export async function openBeforeInstall<const Options extends TestSystemOptions>(
  options?: Options,
): Promise<TestSystem<BridgeFor<Options>>>;
export async function openBeforeInstall(options: TestSystemOptions = {}): Promise<TestSystem> {
  const { consume: _consume, ...rest } = options;
  const system = await TestSystem.prepare({
    ...rest,
    settings: { ...options.settings, B24_DOMAIN: '', B24_REFRESH_TOKEN: '' },
  });
  try {
    system.bridge.start();
    await system.bridge.logged('bridge.no_portal');
    await system.downstream.start();
  } catch (error) {
    await system.close().catch(() => undefined);
    throw error;
  }
  return system;
}

/** Installs the application as a portal does, and waits for its bindings. */
export async function install(
  system: TestSystem,
  portal: EmulatedPortal = system.portal,
  path = '/bitrix24/install',
): Promise<number | null> {
  const { status } = await portal.install(`${system.bridge.url}${path}`);
  if (status === 200) await until('bindings', () => portal.bindings().length >= 3);
  return status;
}

export interface Posted {
  readonly status: number;
  readonly body: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

interface PostOptions {
  readonly type?: string;
  /** Loopback address to send from. */
  readonly from?: string;
  readonly headers?: Record<string, string>;
}

/** POSTs to the service: an object as JSON, a text as it is (form-encoded unless told otherwise). */
export function post(
  bridge: TestBridge,
  path: string,
  body: object | string,
  { type, from = '127.0.0.1', headers = {} }: PostOptions = {},
): Promise<Posted> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const contentType =
    type ?? (typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json');
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, bridge.url),
      {
        method: 'POST',
        agent: false,
        localAddress: from,
        headers: { 'content-type': contentType, 'content-length': Buffer.byteLength(text), ...headers },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('utf8'),
            headers: answer.headers,
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

/** The fields that come with every notification of a portal, without tokens. */
export function authOf(portal: EmulatedPortal): Record<string, string> {
  return {
    domain: portal.domain,
    client_endpoint: portal.clientEndpoint,
    member_id: portal.memberId,
    application_token: portal.applicationToken,
    status: 'L',
  };
}

/** Log lines of a name, so far. */
export function linesOf(bridge: TestBridge, event: string): LogLine[] {
  return bridge.lines.filter((line) => line.message?.event === event);
}

/** A row of the service's registry, as it lies in the database. */
export function portalRow(bridge: TestBridge, memberId: string): Record<string, unknown> | undefined {
  const file = new Libsql(bridge.databaseFile, { readonly: true });
  try {
    return file.prepare('select * from portals where member_id = ?').get(memberId) as
      Record<string, unknown> | undefined;
  } finally {
    file.close();
  }
}
