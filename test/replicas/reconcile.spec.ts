import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { json, run } from '../cli/command-line.js';
import { type BridgeProcess } from '../support/bridge-process.js';
import { until } from '../support/until.js';
import { FAILOVER_WITHIN_MS, ReplicaSet, START_WITHIN_MS } from './replica-set.js';

jest.setTimeout(360_000);

const DEAL = 2;
const OBJECTS = 300;
const WITHHELD = 30;
/** A person, and not the one for whom the application acts. */
const SOMEBODY = { clientId: null, userId: 7, connector: '' };
/** A change's event may take a minute. */
const FOUND_WITHIN_MS = 60_000 + FAILOVER_WITHIN_MS + 60_000;

interface Type {
  readonly suspects: number;
  readonly sweptAt: string | null;
}

describe('changes that no event has announced, of a portal that replicas share', () => {
  let set: ReplicaSet;
  afterEach(() => set.close());

  it('are looked for by the owner alone, and told once, though owners are killed before and as they are found', async () => {
    set = await ReplicaSet.prepare(['p1'], {
      settings: {
        B24_EVENTS: 'ONCRMDEALADD,ONCRMDEALUPDATE,ONCRMDEALDELETE',
        RECONCILE: 'crm.deal',
        RECONCILE_EVERY_MS: '2000',
      },
    });
    const portal = set.emulator.portal('p1');
    const { objects } = portal;
    const { first } = objects.seed(DEAL, { count: OBJECTS });
    await set.startAll(3, [1, 0, 0]);
    await set.explained(() =>
      until('what there is to be learned', () => having('reconcile.learned').length === 1, START_WITHIN_MS),
    );
    await until('bindings', () => portal.bindings().length === 3);

    const wanted: string[] = [];
    for (let index = 0; index < WITHHELD; index += 1) {
      const id = first + 2 * index;
      if (index % 3 === 0) objects.update(DEAL, id, {}, { silent: true }, SOMEBODY);
      else if (index % 3 === 1) objects.delete(DEAL, id, { silent: true }, SOMEBODY);
      const added = index % 3 === 2 ? objects.add(DEAL, {}, { silent: true }, SOMEBODY).id : id;
      wanted.push(`ONCRMDEAL${['UPDATE', 'DELETE', 'ADD'][index % 3] ?? ''} crm.deal/${added}`);
    }
    await compareNow();
    await until('all of them to be suspect', async () => (await report()).suspects >= WITHHELD, 60_000);
    await kill(await ownerOf());
    // Ordinary changes, while nobody owns it and afterwards.
    for (let id = first + 100; id < first + 160; id += 1) objects.update(DEAL, id, {}, {}, SOMEBODY);
    objects.delete(DEAL, first + 161, {}, SOMEBODY);
    await set.explained(() =>
      until('some to be found', () => having('reconcile.missed').length > 0, FOUND_WITHIN_MS),
    );
    const [finder] = having('reconcile.missed');
    await kill(finder);
    await set.explained(() =>
      until('all to be told', () => new Set(told()).size >= WITHHELD, FOUND_WITHIN_MS),
    );
    await compareNow();
    await until('nothing to be suspect', async () => (await report()).suspects === 0, FOUND_WITHIN_MS);
    expect([...new Set(told())].sort()).toEqual(wanted.sort());
    // What was published and not recorded when its owner died came again under the same id.
    expect(new Set(reconciled().map(({ id }) => id)).size).toBe(WITHHELD);
    expect(set.delivered('p1').has(String(first + 161))).toBe(true);
  });

  const alive = () => set.replicas.filter((replica) => !killed.has(replica));
  const killed = new Set<BridgeProcess>();
  const having = (event: string) => alive().filter((replica) => replica.find(event) !== undefined);
  const reconciled = () => set.downstream.received.filter(({ body }) => body['origin'] === 'reconciled');
  const told = () => reconciled().map(({ body }) => `${String(body['type'])} ${String(body['subject'])}`);

  async function kill(replica: BridgeProcess | undefined): Promise<void> {
    if (replica === undefined) throw new Error('nobody to kill');
    killed.add(replica);
    await replica.stop('SIGKILL');
  }

  async function ownerOf(): Promise<BridgeProcess> {
    for (const replica of alive()) if ((await set.ownedBy(replica)).length > 0) return replica;
    throw new Error('nobody owns the portal');
  }

  function anyone(): BridgeProcess {
    const [replica] = alive();
    if (replica === undefined) throw new Error('no replica');
    return replica;
  }

  /** By the command line, which any replica's settings let in. */
  async function compareNow(): Promise<void> {
    const sweptAt = (await report()).sweptAt;
    expect((await run(anyone(), ['reconcile', 'now', 'p1'])).exitCode).toBe(0);
    await set.explained(() =>
      until('everything to be compared', async () => (await report()).sweptAt !== sweptAt, 60_000),
    );
  }

  async function report(): Promise<Type> {
    const { portals } = await json<{ portals: { types: Type[] }[] }>(anyone(), ['reconcile', 'report', 'p1']);
    const type = portals[0]?.types[0];
    if (type === undefined) throw new Error('nothing is reconciled');
    return type;
  }
});
