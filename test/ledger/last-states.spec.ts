import { expect, it } from '@jest/globals';
import { forgetLastStates } from '../../src/ledger/last-states/forget-last-states.js';
import { type LastState } from '../../src/ledger/last-states/last-state.js';
import { LastStatesPurge } from '../../src/ledger/last-states/last-states-purge.js';
import { readLastStates } from '../../src/ledger/last-states/read-last-states.js';
import { writeLastStates } from '../../src/ledger/last-states/write-last-states.js';
import { TokenVault } from '../../src/portals/token-vault.js';
import { LastStates } from '../../src/state/changes/last-states.js';
import { START } from './bench.js';
import { onEveryDatabase } from './databases.js';
import { registerPortals } from './portals.js';

const [DEAL, CONTACT] = [2, 3];
const KEY = Buffer.alloc(32, 7).toString('base64');
const state = (entityTypeId: number, id: string, text: string, more: Partial<LastState> = {}): LastState => ({
  entityTypeId,
  id,
  state: text,
  previous: null,
  toldBy: '1-1',
  ...more,
});

onEveryDatabase('what was last published of objects', (open) => {
  it('is read by type and id, of one portal, and replaced as a whole', async () => {
    const { db } = open();
    const many = Array.from({ length: 250 }, (_, index) => state(DEAL, String(index + 1), `s${index + 1}`));
    await writeLastStates(db, 'm', [...many, state(CONTACT, '1', 'contact')], START);
    await writeLastStates(db, 'other', [state(DEAL, '1', 'elsewhere')], START);
    await writeLastStates(db, 'm', [state(DEAL, '2', 'new', { previous: 's2', toldBy: '9-9' })], START + 1);
    const read = await readLastStates(db, 'm', [
      { entityTypeId: DEAL, id: '1' },
      { entityTypeId: DEAL, id: '2' },
      { entityTypeId: CONTACT, id: '1' },
      { entityTypeId: CONTACT, id: '2' },
    ]);
    expect(read).toHaveLength(3);
    expect(read).toContainEqual(state(DEAL, '1', 's1'));
    expect(read).toContainEqual(state(DEAL, '2', 'new', { previous: 's2', toldBy: '9-9' }));
    expect(read).toContainEqual(state(CONTACT, '1', 'contact'));
    await forgetLastStates(db, 'm', [{ entityTypeId: DEAL, id: '1' }]);
    expect(await readLastStates(db, 'm', [{ entityTypeId: DEAL, id: '1' }])).toEqual([]);
    expect(await readLastStates(db, 'other', [{ entityTypeId: DEAL, id: '1' }])).toHaveLength(1);
    expect(await readLastStates(db, 'm', [])).toEqual([]);
  });

  it('is sealed where a key is set, and unknown where that is gone', async () => {
    const published = { text: '{"title":"secret"}', previous: '{"title":"older"}', by: '1-1' };
    const sealed = new LastStates(open(), new TokenVault(KEY), 'm');
    await sealed.write([{ entityTypeId: DEAL, id: '1', published }], []);
    const stored = await open().db.selectFrom('object_states').selectAll().execute();
    expect(JSON.stringify(stored)).not.toMatch(/secret|older/);
    const objects = [{ entityTypeId: DEAL, id: '1' }];
    expect(await sealed.read(objects)).toEqual([{ entityTypeId: DEAL, id: '1', published }]);
    expect(await new LastStates(open(), new TokenVault(undefined), 'm').read(objects)).toEqual([]);
    await sealed.write([], objects);
    expect(await sealed.read(objects)).toEqual([]);
  });

  it('is bounded: what has not changed for longest goes first; of a removed portal everything', async () => {
    const { db } = open();
    await registerPortals(open(), ['m', 'removed']);
    await db
      .updateTable('portals')
      .set({ state: 'uninstalled' })
      .where('member_id', '=', 'removed')
      .execute();
    for (let id = 1; id <= 1300; id += 100) {
      const part = Array.from({ length: 100 }, (_, index) => state(DEAL, String(id + index), 'x'));
      await writeLastStates(db, 'm', part, START + id);
    }
    await writeLastStates(db, 'removed', [state(DEAL, '1', 'x')], START + 9999);
    // The oldest has changed lately.
    await writeLastStates(db, 'm', [state(DEAL, '1', 'y')], START + 10_000);
    const purge = new LastStatesPurge(open(), { STATE_CHANGES: true, STATE_MAX_OBJECTS: 1000 });
    expect(await purge.run()).toBe(301);
    const left = await db.selectFrom('object_states').select(['member_id', 'object_id']).execute();
    expect(left).toHaveLength(1000);
    const ids = left.map((row) => Number(row.object_id));
    expect(ids).toContain(1);
    expect(Math.min(...ids.filter((id) => id > 1))).toBeGreaterThanOrEqual(301);
    expect(await purge.run()).toBe(0);
  });

  it('is deleted where it is not wanted any more', async () => {
    const { db } = open();
    const some = Array.from({ length: 700 }, (_, index) => state(DEAL, String(index + 1), 'x'));
    await writeLastStates(db, 'm', some, START);
    const purge = new LastStatesPurge(open(), { STATE_CHANGES: false, STATE_MAX_OBJECTS: 1000 });
    expect(await purge.run()).toBe(700);
    expect(await purge.run()).toBe(0);
    expect(await db.selectFrom('object_states').selectAll().execute()).toEqual([]);
  });
});
