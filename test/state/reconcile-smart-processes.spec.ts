import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/until.js';
import { DEAL, Reconciling, SILENT, SOMEBODY } from './reconciling.js';

const NAMED = 134;
const OTHER = 1036;
const UNKNOWN = 180;
const codes = (kind: string, suffix = '') =>
  ['ADD', 'UPDATE', 'DELETE'].map((action) => `ONCRM${kind}${action}${suffix}`).join(',');

describe('changes of smart processes that no event has announced', () => {
  let reconciling: Reconciling;
  afterEach(() => reconciling.system.close());

  it('are found of one that is named, and told under the code with its number', async () => {
    reconciling = await Reconciling.open(120, {
      entityTypeId: NAMED,
      settings: { RECONCILE: 'crm.dynamic-item-134', B24_EVENTS: codes('DYNAMICITEM', '_134') },
    });
    const { portal, first } = reconciling;
    const { objects } = portal;
    objects.update(NAMED, first + 1, {}, SILENT, SOMEBODY);
    objects.delete(NAMED, first + 2, SILENT, SOMEBODY);
    const added = objects.add(NAMED, {}, SILENT, SOMEBODY);
    objects.update(NAMED, first + 3, {}, {}, SOMEBODY);
    // Another one with the same ids.
    objects.seed(OTHER, { count: 20 });
    objects.update(OTHER, 5, {}, SILENT, SOMEBODY);
    await reconciling.compare();
    await reconciling.tells([
      `ONCRMDYNAMICITEMADD_134 crm.dynamic-item-134/${added.id}`,
      `ONCRMDYNAMICITEMDELETE_134 crm.dynamic-item-134/${first + 2}`,
      `ONCRMDYNAMICITEMUPDATE_134 crm.dynamic-item-134/${first + 1}`,
    ]);
    const update = reconciling.received.find(({ objectId }) => objectId === String(first + 1));
    expect(update?.routingKey).toBe('acme.crm.dynamic-item-134.update');
    expect(update?.body['data']).toMatchObject({
      event: 'ONCRMDYNAMICITEMUPDATE_134',
      data: { FIELDS: { ID: String(first + 1), ENTITY_TYPE_ID: '134' } },
    });
    await reconciling.compare();
    expect(reconciling.told()).toHaveLength(3);
  }, 120_000);

  it('are found of each from its first event on, where only the kind is named', async () => {
    reconciling = await Reconciling.open(10, {
      settings: {
        RECONCILE: 'crm.deal,crm.dynamic-item',
        B24_EVENTS: `${codes('DEAL')},${codes('DYNAMICITEM')}`,
      },
    });
    const { objects } = reconciling.portal;
    for (const entityTypeId of [NAMED, OTHER, UNKNOWN]) objects.seed(entityTypeId, { count: 60 });
    // Nobody has heard of any of them: this is no change that was missed, now or later.
    objects.update(NAMED, 30, {}, SILENT, SOMEBODY);
    objects.update(UNKNOWN, 30, {}, SILENT, SOMEBODY);
    for (const entityTypeId of [NAMED, OTHER]) objects.update(entityTypeId, 1, {}, {}, SOMEBODY);
    await until('their first events', async () => (await reconciling.types()).length === 3);
    // It is looked for new ones every minute.
    await reconciling.pass(61_000);
    await until('both to be learned', async () =>
      (await reconciling.types()).every(({ learnedAt }) => learnedAt !== null),
    );
    await reconciling.pass(61_000);
    for (const entityTypeId of [NAMED, OTHER, UNKNOWN]) {
      objects.update(entityTypeId, 2, {}, SILENT, SOMEBODY);
      objects.delete(entityTypeId, 3, SILENT, SOMEBODY);
      objects.update(entityTypeId, 4, {}, {}, SOMEBODY);
      objects.delete(entityTypeId, 5, {}, SOMEBODY);
    }
    objects.update(DEAL, reconciling.first + 2, {}, SILENT, SOMEBODY);
    await reconciling.compare();
    const wanted = [
      `ONCRMDEALUPDATE crm.deal/${reconciling.first + 2}`,
      // A code without a number names none in the subject: its data does.
      ...[NAMED, OTHER].flatMap(() => [
        'ONCRMDYNAMICITEMUPDATE crm.dynamic-item/2',
        'ONCRMDYNAMICITEMDELETE crm.dynamic-item/3',
      ]),
    ];
    await reconciling.tells(wanted);
    const numbers = reconciling.received.flatMap(({ body }) => {
      const { data } = body['data'] as { data: { FIELDS: { ENTITY_TYPE_ID?: string } } };
      return data.FIELDS.ENTITY_TYPE_ID ?? [];
    });
    expect(numbers.sort()).toEqual(['1036', '1036', '134', '134']);
    // The third one was met by its first event meanwhile.
    await reconciling.pass(61_000);
    await until('it to be learned', async () => {
      const types = await reconciling.types();
      return types.length === 4 && types.every(({ learnedAt }) => learnedAt !== null);
    });
    objects.delete(UNKNOWN, 6, SILENT, SOMEBODY);
    await reconciling.compare();
    await reconciling.tells([...wanted, 'ONCRMDYNAMICITEMDELETE crm.dynamic-item/6']);
  }, 180_000);
});
