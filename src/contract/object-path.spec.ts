import { describe, expect, it } from '@jest/globals';
import { objectPath } from './object-path.js';

const fields = (more: Record<string, unknown>) => ({ FIELDS: more });

describe('where an object is on its portal', () => {
  it.each([
    ['ONCRMDEALUPDATE', fields({ ID: '17' }), '/crm/deal/details/17/'],
    ['onCrmLeadAdd', fields({ ID: 17 }), '/crm/lead/details/17/'],
    ['ONCRMQUOTEUPDATE', fields({ ID: '5' }), '/crm/type/7/details/5/'],
    ['ONCRMINVOICEUPDATE', fields({ ID: '5' }), '/crm/invoice/show/5/'],
    ['ONCRMDYNAMICITEMUPDATE_31', fields({ ID: '5' }), '/crm/type/31/details/5/'],
    ['ONCRMDYNAMICITEMUPDATE', fields({ ID: '5', ENTITY_TYPE_ID: '177' }), '/crm/type/177/details/5/'],
    ['crm.deal.snapshot', fields({ ID: '17' }), '/crm/deal/details/17/'],
    ['crm.quote.snapshot', fields({ ID: '5' }), '/crm/type/7/details/5/'],
    ['crm.invoice.snapshot', fields({ ID: '5' }), '/crm/type/31/details/5/'],
    ['crm.dynamic-item-177.snapshot', fields({ ID: '5' }), '/crm/type/177/details/5/'],
    ['ONTASKUPDATE', { FIELDS_AFTER: { ID: '8' } }, '/company/personal/user/0/tasks/task/view/8/'],
    ['ONUSERADD', { ID: '3' }, '/company/personal/user/3/'],
  ])('%s', (event, data, path) => {
    expect(objectPath(event, data)).toBe(path);
  });

  it.each([
    ['what was deleted', 'ONCRMDEALDELETE', fields({ ID: '17' })],
    ['a smart process without its number', 'ONCRMDYNAMICITEMUPDATE', fields({ ID: '5' })],
    ['an event that is not listed', 'ONSOMETHING', fields({ ID: '17' })],
    ['an id that is no number', 'ONCRMDEALUPDATE', fields({ ID: '../../x?' })],
    ['data without an id', 'ONCRMDEALUPDATE', {}],
    ['no data', 'ONCRMDEALUPDATE', null],
  ])('is nowhere for %s', (_what, event, data) => {
    expect(objectPath(event, data)).toBeNull();
  });
});
