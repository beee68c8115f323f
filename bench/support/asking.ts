import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** build/bench/support → the project's root. */
const ROOT = join(import.meta.dirname, '../../..');

/** A question, how one asks it in each way, and what the answer has to say. */
export interface Question {
  readonly ask: string;
  /** Words after `bitrix24-bridge`. */
  readonly command: readonly string[];
  /** Below `/api/v1`; null where it does not tell. */
  readonly api: string | null;
  /** Of the dashboard. */
  readonly page: string;
  readonly answer: RegExp;
}

export interface Answered {
  readonly via: 'command' | 'api' | 'page';
  readonly seconds: number;
  /** Null where the answer was said. */
  readonly failure: string | null;
}

export interface ServiceAccess {
  /** Address of the service. */
  readonly url: string;
  readonly secret: string;
  readonly proxyHeader: string;
  /** Settings of the command line, and where it runs. */
  readonly settings: Readonly<Record<string, string>>;
  readonly folder: string;
}

/** Asks in all three ways, one after the other. */
export async function askEverywhere(
  { url, secret, proxyHeader, ...line }: ServiceAccess,
  question: Question,
) {
  const { command, api, page, answer } = question;
  const ways: Partial<Record<Answered['via'], () => Promise<string>>> = {
    command: () => runCommand(line, command),
    ...(api === null ? {} : { api: () => get(`${url}/api/v1${api}`, { authorization: `Bearer ${secret}` }) }),
    page: async () => wordsOf(await get(`${url}${page}`, { [proxyHeader]: 'stranger' })),
  };
  const answered: Answered[] = [];
  for (const [via, ask] of Object.entries(ways) as [Answered['via'], () => Promise<string>][]) {
    const startedAt = performance.now();
    const said = await ask().catch((error: unknown) => `failed: ${String(error)}`);
    const seconds = (performance.now() - startedAt) / 1000;
    answered.push({ via, seconds, failure: answer.test(said) ? null : said.slice(0, 3000) });
  }
  return answered;
}

async function runCommand(
  { settings, folder }: Pick<ServiceAccess, 'settings' | 'folder'>,
  command: readonly string[],
): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, 'dist/cli/main.js'), ...command], {
    cwd: folder,
    env: { PATH: process.env['PATH'], LANG: 'C', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return said;
}

async function get(url: string, headers: Record<string, string>): Promise<string> {
  const response = await fetch(url, { headers });
  return `${response.status} ${await response.text()}`;
}

/** What a page says, without its marks. */
function wordsOf(page: string): string {
  return page
    .replace(/<(script|style)\b[^]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&nbsp;|\u00a0/g, ' ')
    .replace(/\s+/g, ' ');
}
