import { afterEach, describe, expect, it } from '@jest/globals';
import { run } from '../cli/command-line.js';
import { until } from '../support/until.js';
import { Visitor } from '../support/visitor.js';
import { FAILOVER_WITHIN_MS, ReplicaSet } from './replica-set.js';

const PASSWORD = 'correct horse battery';
const QUIET_MS = 4000;

describe('a portal that is paused on PostgreSQL', () => {
  let set: ReplicaSet;
  afterEach(() => set.close());

  it('is left alone whichever replica owns it; paused in one dashboard, resumed in another', async () => {
    set = await ReplicaSet.prepare(['acme'], { settings: { DASHBOARD_PASSWORD: PASSWORD } });
    await set.startAll(2, [1, 0]);
    set.push(5);
    await set.allDelivered();
    await set.allCleared();
    const portal = set.portals()[0]!;
    const shares = await set.shares();
    const owner = set.replicas[shares.indexOf(1)]!;
    const other = set.replicas[shares.indexOf(0)]!;

    const person = new Visitor(other.url);
    await person.logIn(PASSWORD);
    const question = await person.get('/portals/acme/pause');
    expect(question.body).toContain('Pause acme?');
    expect(await person.post('/portals/acme/pause', [['reason', 'move of the ERP']])).toMatchObject({
      status: 303,
    });
    await owner.logged('portal.paused', 2000);
    const page = (await person.get('/portals/acme')).body;
    expect(page).toContain('move of the ERP');
    expect(page).toContain('>paused<');

    set.push(20);
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    await owner.stop('SIGKILL');
    await set.shared([other], [1], FAILOVER_WITHIN_MS);
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    expect(portal.rows().map(({ PROCESS_ID }) => PROCESS_ID)).toEqual(Array.from({ length: 20 }, () => ''));
    expect(set.delivered('acme').size).toBe(5);

    owner.start();
    await owner.logged('replies.consuming');
    expect((await run(owner, ['portals', 'resume', 'acme'])).stdout).toContain('the pause by dashboard');
    await set.allDelivered();
    await set.allCleared();
    await until(
      'the page to say so',
      async () => !(await person.get('/portals/acme')).body.includes('>paused<'),
    );
  }, 180_000);
});
