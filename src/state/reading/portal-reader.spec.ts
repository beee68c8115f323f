import http from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import { AnswerMemory } from '../../bitrix24/answer-memory.js';
import { PortalClient } from '../../bitrix24/portal-client.js';
import { RateBudget } from '../../bitrix24/rate-budget.js';
import { type Log, type LogFields } from '../../logging/log.js';
import { ExactNumber } from '../../json/exact-number.js';
import { type ListCommand } from './object-read.js';
import { PortalReader, type ReaderDependencies } from './portal-reader.js';

interface Command {
  readonly method: string;
  readonly params: URLSearchParams;
}
type Refusal = { readonly error: string; readonly error_description: string };
type Answer = { readonly result: unknown } | Refusal;

/** A portal of deals 1 to 9,999, of which it shows all but those that are hidden or gone. */
class FakePortal {
  readonly gone = new Set<number>();
  readonly hidden = new Set<number>();
  /** The commands of each request. */
  readonly requests: Command[][] = [];
  /** What the next requests get instead of an answer: a refusal of the whole, or what becomes of the connection. */
  readonly instead: ((response: http.ServerResponse) => void)[] = [];
  operating: number | null = null;
  batchOperating: number | null = null;
  seconds = 0.01;
  answerOf: (command: Command) => Answer | null = () => null;
  /** Called before a request is answered. */
  meanwhile: () => Promise<void> | void = () => undefined;
  private readonly server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on(
      'end',
      () => void this.answer(JSON.parse(Buffer.concat(chunks).toString()) as never, response),
    );
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/rest/`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  get sizes(): number[] {
    return this.requests.map((commands) => commands.length);
  }

  private async answer(
    { cmd }: { cmd: Record<string, string> },
    response: http.ServerResponse,
  ): Promise<void> {
    const commands = Object.entries(cmd).map(([name, text]) => {
      const [method = '', query = ''] = text.split('?');
      return { name, method, params: new URLSearchParams(query) };
    });
    this.requests.push(commands);
    await this.meanwhile();
    const instead = this.instead.shift();
    if (instead !== undefined) return instead(response);
    const [result, errors, times] = [{}, {}, {}] as Record<string, unknown>[] as [
      Record<string, unknown>,
      Record<string, unknown>,
      Record<string, unknown>,
    ];
    for (const { name, ...command } of commands) {
      const answer = this.answerOf(command) ?? this.ordinary(command);
      if ('error' in answer) errors[name] = answer;
      else result[name] = answer.result;
      times[name] = timeOf(this.seconds, this.operating);
    }
    const body = { result: { result, result_error: errors, result_time: times } };
    // A number that JavaScript would write in another way.
    const text = JSON.stringify({ ...body, time: timeOf(this.seconds, this.batchOperating) });
    response.writeHead(200, { 'content-type': 'application/json' }).end(text.replaceAll('"12.50"', '12.50'));
  }

  private ordinary({ method, params }: Command): Answer {
    if (params.get('entityTypeId') !== '2') return refusal('ENTITY_TYPE_NOT_SUPPORTED');
    if (method === 'crm.item.get') {
      const id = Number(params.get('id'));
      if (this.gone.has(id)) return refusal('NOT_FOUND');
      return this.hidden.has(id) ? refusal('ACCESS_DENIED') : { result: { item: deal(id) } };
    }
    expect(params.get('start')).toBe('-1');
    const ids = idsOf({ method, params }).map(Number);
    const from = Number(params.get('filter[>id]') ?? Number.NaN);
    const wanted = ids.length > 0 ? ids : Array.from({ length: 50 }, (_, index) => from + 1 + index);
    expect(wanted.length).toBeLessThanOrEqual(50);
    return { result: { items: wanted.filter((id) => !this.gone.has(id) && !this.hidden.has(id)).map(deal) } };
  }
}

/** Which objects a command asks for. */
function idsOf({ params }: Command): string[] {
  return [...params].filter(([name]) => name.startsWith('filter[@id]')).map(([, id]) => id);
}

function deal(id: number): Record<string, unknown> {
  return { id, title: `Deal ${id}`, stageId: 'NEW', opportunity: '12.50', comments: 'secret' };
}

function refusal(error: string): Refusal {
  return { error, error_description: 'no' };
}

function timeOf(duration: number, operating: number | null): object {
  const now = Date.now() / 1000;
  const used = operating === null ? {} : { operating, operating_reset_at: now + 60 };
  return { start: now, finish: now + duration, duration, ...used };
}

const failing = (status: number, error: string) => (response: http.ServerResponse) =>
  void response.writeHead(status).end(JSON.stringify({ error, error_description: 'x' }));
const cutOff = (response: http.ServerResponse) => void response.socket?.resetAndDestroy();

const SELECT = ['id', 'title', 'opportunity'];
const FOREVER = new AbortController().signal;

let portal: FakePortal;
let address: string;
let active: boolean;
let lines: LogFields[];
let reader: PortalReader;
let answerMemory: AnswerMemory;

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields) => void lines.push(fields),
  error: (fields) => void lines.push(fields),
};

function open(
  budget = new RateBudget({ perSecond: 1000, burst: 1000 }),
  more: Partial<ReaderDependencies> = {},
) {
  const client = new PortalClient({
    tokens: {
      memberId: 'm',
      endpoint: () => address,
      accessToken: () => Promise.resolve('token'),
      renew: () => Promise.resolve('token'),
    },
    budget,
    http: new HttpService(),
    allowHttp: true,
    timeoutMs: 30_000,
  });
  return new PortalReader({
    portal: { name: 'acme', mayRead: () => active },
    client,
    answerMemory,
    log,
    random: () => 0,
    ...more,
  });
}

beforeEach(async () => {
  portal = new FakePortal();
  address = await portal.start();
  active = true;
  lines = [];
  answerMemory = new AnswerMemory(32 * 1024 * 1024);
  reader = open();
});

afterEach(async () => {
  await reader.stop();
  portal.stop();
  expect(answerMemory.inHand).toBe(0);
});

const idsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => String(first + index));

describe('PortalReader', () => {
  it('reads objects, each once, as they are now, with every digit and nothing that was not asked for', async () => {
    const before = Date.now();
    const reads = await reader.objects(2, ['7', '8', '7'], SELECT, 'state', FOREVER);
    expect([...reads.keys()]).toEqual(['7', '8']);
    const read = reads.get('7');
    expect(read).toEqual({
      status: 'read',
      object: { id: 7, title: 'Deal 7', opportunity: new ExactNumber('12.50') },
      beganAt: expect.any(Number),
    });
    expect(read?.status === 'read' && read.beganAt >= before && read.beganAt <= Date.now()).toBe(true);
    expect(portal.sizes).toEqual([1]);
    const all = await reader.objects(2, ['9'], ['*'], 'state', FOREVER);
    expect(all.get('9')).toMatchObject({ object: { comments: 'secret' } });
  });

  it('tells what is deleted from what may not be read, asking for these one by one', async () => {
    portal.gone.add(3);
    portal.hidden.add(4);
    const reads = await reader.objects(2, ['2', '3', '4'], SELECT, 'state', FOREVER);
    expect([...reads].map(([id, { status }]) => [id, status])).toEqual([
      ['2', 'read'],
      ['3', 'gone'],
      ['4', 'unreadable'],
    ]);
    expect(portal.sizes).toEqual([1, 2]);
  });

  it('reads an object that a list did not show and that is there', async () => {
    portal.answerOf = ({ method }) => (method === 'crm.item.list' ? { result: { items: [] } } : null);
    const reads = await reader.objects(2, ['5'], SELECT, 'state', FOREVER);
    expect(reads.get('5')).toMatchObject({ status: 'read', object: { title: 'Deal 5' } });
    expect(reads.get('5')).not.toHaveProperty('object.comments');
  });

  it('knows types that cannot be read', async () => {
    const reads = await reader.objects(99, ['5'], SELECT, 'state', FOREVER);
    expect(reads.get('5')).toMatchObject({ status: 'unsupported' });
    portal.answerOf = () => refusal('ACCESS_DENIED');
    expect((await reader.objects(2, ['5'], SELECT, 'state', FOREVER)).get('5')).toMatchObject({
      status: 'unreadable',
    });
    portal.answerOf = () => refusal('insufficient_scope');
    expect((await reader.objects(2, ['5'], SELECT, 'state', FOREVER)).get('5')).toMatchObject({
      status: 'failed',
      error: { code: 'insufficient_scope' },
    });
  });

  it('packs what is wanted together: 50 objects a command, 50 commands a request, one request at a time', async () => {
    let under = 0;
    portal.meanwhile = async () => {
      under += 1;
      expect(under).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      under -= 1;
    };
    const [some, others] = await Promise.all([
      reader.objects(2, idsFrom(1, 2600), SELECT, 'state', FOREVER),
      reader.objects(2, idsFrom(5001, 30), SELECT, 'state', FOREVER),
    ]);
    expect([some.size, others.size]).toEqual([2600, 30]);
    expect([...some.values(), ...others.values()].every(({ status }) => status === 'read')).toBe(true);
    expect(portal.sizes).toEqual([50, 3]);
  });

  describe('while more states wait than one request carries', () => {
    let most: number;

    beforeEach(() => {
      let under = 0;
      most = 0;
      portal.meanwhile = async () => {
        under += 1;
        most = Math.max(most, under);
        await new Promise((resolve) => setTimeout(resolve, 50));
        under -= 1;
      };
    });

    it('has two requests under way, and asks for each object once', async () => {
      const reads = await reader.objects(2, idsFrom(1, 8000), SELECT, 'state', FOREVER);
      expect([...reads.values()].filter(({ status }) => status === 'read')).toHaveLength(8000);
      expect(most).toBe(2);
      expect(portal.sizes.reduce((sum, size) => sum + size, 0)).toBe(160);
      expect(portal.sizes.slice(0, 3)).toEqual([50, 50, 50]);
    });

    it('leaves lists and what is not for an event to the first', async () => {
      const list: ListCommand = { entityTypeId: 2, filter: { '>id': 0 }, select: ['id'] };
      await Promise.all([
        reader.list(
          Array.from({ length: 120 }, () => list),
          'snapshot',
          FOREVER,
        ),
        reader.objects(2, idsFrom(1, 5000), SELECT, 'reconcile', FOREVER),
      ]);
      expect(most).toBe(1);
    });

    it('asks for nothing twice after a second one that failed, and has one under way until one was answered', async () => {
      portal.instead.push(cutOff, cutOff);
      const reads = await reader.objects(2, idsFrom(1, 5000), SELECT, 'state', FOREVER);
      expect([...reads.values()].filter(({ status }) => status === 'read')).toHaveLength(5000);
      // Two of 50 were in vain; then one of half as many, by itself.
      expect(portal.sizes.slice(0, 3)).toEqual([50, 50, 25]);
      expect(lines.map(({ failures }) => failures)).toEqual([1, 2]);
    }, 30_000);

    it('ends both at once', async () => {
      portal.meanwhile = () => new Promise(() => undefined);
      const reads = reader.objects(2, idsFrom(1, 5000), SELECT, 'state', FOREVER);
      await until(() => portal.requests.length === 2);
      await reader.stop();
      expect([...(await reads).values()].every(({ status }) => status === 'failed')).toBe(true);
    });
  });

  it('takes into a request what is wanted when it leaves, not when it began to wait', async () => {
    const budget = new RateBudget({ perSecond: 1000, burst: 1000 });
    budget.blockUntil(Date.now() + 400);
    reader = open(budget);
    const first = reader.objects(2, ['1'], SELECT, 'state', FOREVER);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = reader.objects(2, ['2'], SELECT, 'state', FOREVER);
    await Promise.all([first, second]);
    expect(portal.sizes).toEqual([1]);
    expect(portal.requests[0]?.[0]?.params.get('filter[@id][1]')).toBe('2');
  });

  it('reads pages of lists, and refuses by itself what cannot be sent', async () => {
    const list = (from: number): ListCommand => ({
      entityTypeId: 2,
      filter: { '>id': from },
      order: { id: 'ASC' },
      select: ['id'],
    });
    const wrong = { ...list(0), filter: { '@id': [] } };
    const outcomes = await reader.list([list(100), wrong, list(200)], 'snapshot', FOREVER);
    expect(outcomes[0]).toMatchObject({ items: { length: 50, 0: { id: 101 } } });
    expect(outcomes[1]).toMatchObject({ failed: { code: 'NOT_SENT' } });
    expect(outcomes[2]).toMatchObject({ items: { 49: { id: 250 } } });
    expect(portal.requests[0]?.[0]?.params.get('order[id]')).toBe('ASC');
    expect(await reader.list([], 'snapshot', FOREVER)).toEqual([]);
  });

  it('reads the most urgent first, and fills up with the rest as far as that is quick', async () => {
    const lists = (count: number) =>
      Array.from({ length: count }, (): ListCommand => ({
        entityTypeId: 2,
        filter: { '>id': 0 },
        select: ['id'],
      }));
    // Teaches it what a command costs: twenty would take two seconds.
    portal.seconds = 0.1;
    await reader.list(lists(1), 'snapshot', FOREVER);
    portal.requests.length = 0;
    const snapshot = reader.list(lists(60), 'snapshot', FOREVER);
    const state = reader.objects(2, idsFrom(1, 60), SELECT, 'state', FOREVER);
    await Promise.all([snapshot, state]);
    // Ten commands are a second; without urgent ones forty, which are four.
    expect(portal.sizes).toEqual([10, 40, 12]);
    expect(portal.requests[0]?.slice(0, 2).every(({ params }) => params.has('filter[@id][0]'))).toBe(true);
    expect(portal.requests[0]?.slice(2).some(({ params }) => params.has('filter[@id][0]'))).toBe(false);
  });

  it('asks again after a failure that may pass, more and more slowly, until nobody waits any more', async () => {
    const abort = new AbortController();
    for (let i = 0; i < 20; i += 1) portal.instead.push(failing(500, 'INTERNAL_SERVER_ERROR'));
    const reads = reader.objects(2, ['1'], SELECT, 'state', abort.signal).catch((error: unknown) => error);
    await until(() => lines.length === 2);
    expect(lines.map(({ event, nextInMs }) => [event, nextInMs])).toEqual([
      ['read.failed', 750],
      ['read.failed', 1500],
    ]);
    expect(reader.readableAt()).toBeGreaterThan(Date.now() + 500);
    abort.abort(new Error('too late'));
    expect(await reads).toEqual(new Error('too late'));
    await new Promise((resolve) => setTimeout(resolve, 1600));
    expect(portal.requests).toHaveLength(2);
    portal.instead.length = 0;
    reader.wake();
    expect((await reader.objects(2, ['2'], SELECT, 'state', FOREVER)).get('2')?.status).toBe('read');
    // What nobody waits for any more is not read beside it.
    expect(portal.requests.slice(2).map((commands) => commands.map(idsOf))).toEqual([[['2']]]);
  });

  it('asks for less after an answer that did not come, and gives up what never gets one', async () => {
    portal.instead.push(cutOff);
    const reads = await reader.objects(2, idsFrom(1, 200), SELECT, 'state', FOREVER);
    expect([...reads.values()].every(({ status }) => status === 'read')).toBe(true);
    expect(portal.sizes).toEqual([4, 2, 2]);

    portal.instead.push(cutOff, cutOff, cutOff);
    const bad = await reader.objects(2, ['1'], SELECT, 'state', FOREVER);
    expect(bad.get('1')).toMatchObject({ status: 'failed', error: { code: 'ECONNRESET' } });
  }, 30_000);

  it('asks a failed command again, and leaves the others alone', async () => {
    let failed = 0;
    portal.answerOf = ({ params }) =>
      params.get('filter[@id][0]') === '1' && failed++ < 1 ? refusal('INTERNAL_SERVER_ERROR') : null;
    const reads = await reader.objects(2, idsFrom(1, 100), SELECT, 'state', FOREVER);
    expect(reads.size).toBe(100);
    expect(portal.sizes).toEqual([2, 1]);
  });

  it('waits where the portal refuses for a used up execution time, and says until when', async () => {
    portal.answerOf = () => refusal('OPERATION_TIME_LIMIT');
    portal.operating = 480;
    const abort = new AbortController();
    const reads = reader.objects(2, ['1'], SELECT, 'state', abort.signal).catch((error: unknown) => error);
    await until(() => portal.requests.length === 1 && reader.readableAt() > Date.now());
    const inMs = reader.readableAt() - Date.now();
    expect(inMs).toBeGreaterThan(50_000);
    expect(inMs).toBeLessThan(70_000);
    abort.abort(new Error('enough'));
    expect(await reads).toEqual(new Error('enough'));
  });

  it.each([
    ['its own methods', { operating: 300, batchOperating: null }, 20],
    ['batches, which rounds need', { operating: 100, batchOperating: 150 }, 30],
  ])('rests the longer the more execution time is used: of %s', async (_of, used, restSeconds) => {
    portal.seconds = 10;
    Object.assign(portal, used);
    await reader.objects(2, ['1'], SELECT, 'state', FOREVER);
    await until(() => reader.readableAt() > Date.now());
    const inMs = reader.readableAt() - Date.now();
    expect(inMs).toBeGreaterThan(restSeconds * 1000 - 1000);
    expect(inMs).toBeLessThanOrEqual(restSeconds * 1000);
  });

  it('does not rest where little is used', async () => {
    Object.assign(portal, { seconds: 10, operating: 170, batchOperating: 59 });
    await reader.objects(2, ['1'], SELECT, 'state', FOREVER);
    expect(reader.readableAt()).toBeLessThanOrEqual(Date.now());
  });

  it('reads nothing while the portal is paused, and goes on when it is woken', async () => {
    active = false;
    const reads = reader.objects(2, ['1'], SELECT, 'state', FOREVER);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(reader.readableAt()).toBe(Number.POSITIVE_INFINITY);
    expect(portal.requests).toHaveLength(0);
    active = true;
    reader.wake();
    expect((await reads).get('1')?.status).toBe('read');
  });

  it('ends at once, a request under way too, and tells those who wait', async () => {
    // Until the end of the test: who waited for its answer would never end.
    let answer: () => void = () => undefined;
    portal.meanwhile = () => new Promise((resolve) => (answer = resolve));
    const reads = reader.objects(2, ['1'], SELECT, 'state', FOREVER);
    const lists = reader.list([{ entityTypeId: 2, filter: {}, select: ['id'] }], 'snapshot', FOREVER);
    await until(() => portal.requests.length === 1);
    await reader.stop();
    expect((await reads).get('1')).toMatchObject({ status: 'failed', error: { code: 'STOPPED' } });
    expect(await lists).toMatchObject([{ failed: { code: 'STOPPED' } }]);
    expect((await reader.objects(2, ['1'], SELECT, 'state', FOREVER)).get('1')?.status).toBe('failed');
    expect(lines).toEqual([]);
    answer();
  });

  it('sends nothing for what is called off while it waits', async () => {
    const budget = new RateBudget({ perSecond: 1000, burst: 1000 });
    budget.blockUntil(Date.now() + 300);
    reader = open(budget);
    const settled: string[] = [];
    const want = (id: string) =>
      reader.want({
        entityTypeId: 2,
        id,
        select: SELECT,
        priority: 'state',
        settle: (read) => void settled.push(`${id} ${read.status}`),
      });
    const callOff = want('1');
    await new Promise((resolve) => setTimeout(resolve, 50));
    callOff();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(portal.requests).toHaveLength(0);
    expect(budget.report().sent).toBe(0);
    want('2');
    await until(() => settled.length > 0);
    expect(settled).toEqual(['2 read']);
  });
});

async function until(holds: () => boolean): Promise<void> {
  const startedAt = performance.now();
  while (!holds()) {
    if (performance.now() - startedAt > 10_000) throw new Error('it never came');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
