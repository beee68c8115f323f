import {
  asObject,
  booleanField,
  ControlError,
  numberField,
  numberFields,
  textField,
  type Fields,
} from './control-fields.js';
import { type HttpAnswer } from './http-answer.js';
import { ObjectLoad } from './object-load.js';
import { isEntityType } from './object-types.js';
import { type ChangeOptions } from './objects.js';
import { type EmulatedPortal } from './portal.js';
import { type ObjectFields } from './stored-object.js';

const READ_AT_ONCE = 1000;

/** The part of the control API that is about a portal's objects. Times are ISO 8601 or Unix seconds. */
export class ObjectControl {
  private readonly loads = new Map<string, ObjectLoad>();

  close(): void {
    for (const load of this.loads.values()) load.stop();
    this.loads.clear();
  }

  /** @returns null for a call that is not about objects. @throws ControlError 400 */
  handle(call: string, portal: EmulatedPortal, query: URLSearchParams, fields: Fields): HttpAnswer | null {
    const { objects } = portal;
    switch (call) {
      case 'GET objects':
        return ok(query.has('entityTypeId') ? read(portal, query) : counts(portal));
      case 'POST seed-objects': {
        const options = { count: numberField(fields, 'count'), ...numberFields(fields, ['step']) };
        const times = { ...timeField(fields, 'from'), ...timeField(fields, 'to') };
        return ok(objects.seed(typeField(fields), { ...options, ...times }));
      }
      case 'POST add-objects':
        return ok(listOf(fields, 'objects').map((object) => this.add(portal, fields, asObject(object))));
      case 'POST change-objects':
        return ok({
          changed: objects.updateMany(
            typeField(fields),
            idsField(portal, fields),
            givenFields(fields),
            optionsField(fields),
          ),
        });
      case 'POST delete-objects': {
        const ids = idsField(portal, fields);
        const options = optionsField(fields);
        return ok({ deleted: ids.filter((id) => objects.delete(typeField(fields), id, options)).length });
      }
      case 'POST hide-objects':
        return ok({ hidden: objects.setReadable(typeField(fields), idsField(portal, fields), false) });
      case 'POST show-objects':
        return ok({ shown: objects.setReadable(typeField(fields), idsField(portal, fields), true) });
      case 'POST drop-type':
        objects.dropType(typeField(fields));
        return ok(true);
      case 'GET object-load':
        return ok(this.loads.get(portal.name)?.counts ?? null);
      case 'POST object-load':
        this.startLoad(portal, fields);
        return ok(true);
      case 'DELETE object-load':
        this.loads.get(portal.name)?.stop();
        return ok(this.loads.get(portal.name)?.counts ?? null);
      default:
        return null;
    }
  }

  private add(portal: EmulatedPortal, shared: Fields, own: Fields): unknown {
    const options = optionsField({ ...shared, ...own });
    return portal.objects.add(typeField(shared), givenFields(own), options).id;
  }

  private startLoad(portal: EmulatedPortal, fields: Fields): void {
    this.loads.get(portal.name)?.stop();
    const load = new ObjectLoad(portal.objects, {
      ratePerSecond: numberField(fields, 'ratePerSecond'),
      entityTypeIds: listOf(fields, 'entityTypeIds').map((id) => typeField({ entityTypeId: id })),
      ...numberFields(fields, ['add', 'update', 'delete', 'silent']),
    });
    this.loads.set(portal.name, load);
    load.start();
  }
}

const ok = (body: unknown): HttpAnswer => ({ status: 200, body });

function counts({ objects }: EmulatedPortal): unknown {
  return Object.fromEntries(
    objects.types().map((type) => {
      const index = objects.index(type);
      return [type, { count: index.size, lastId: index.lastId }];
    }),
  );
}

/** A stretch of the objects after an id, unreadable ones too. */
function read({ objects }: EmulatedPortal, query: URLSearchParams): unknown {
  const type = typeField({ entityTypeId: Number(query.get('entityTypeId')) });
  const after = Number(query.get('after') ?? 0);
  const limit = Number(query.get('limit') ?? READ_AT_ONCE);
  const select = query.get('select')?.split(',') ?? null;
  const shown: unknown[] = [];
  objects
    .index(type)
    .withIds(after + 1, Infinity)
    .each((object) => {
      if (shown.length === limit) return true;
      const printed = objects.print(object, select && ['id', ...select]);
      shown.push(object.unreadable ? { ...printed, unreadable: true } : printed);
      return false;
    });
  return { total: objects.index(type).size, objects: shown };
}

function typeField(fields: Fields): number {
  const type = numberField(fields, 'entityTypeId');
  if (!isEntityType(type)) throw new ControlError(400, `There is no type ${type}`);
  return type;
}

function listOf(fields: Fields, name: string): unknown[] {
  const list = fields[name];
  if (!Array.isArray(list)) throw new ControlError(400, `${name} must be a list`);
  return list;
}

/** `ids`, or all from `firstId` to `lastId`. @throws ControlError 400 */
function idsField({ objects }: EmulatedPortal, fields: Fields): number[] {
  if ('ids' in fields) return listOf(fields, 'ids').map((id) => numberField({ id }, 'id'));
  const range = numberFields(fields, ['firstId', 'lastId']);
  if (Object.keys(range).length === 0) throw new ControlError(400, 'ids, or firstId and lastId, are needed');
  const { firstId = 1, lastId = Infinity } = range;
  const ids: number[] = [];
  objects
    .index(typeField(fields))
    .withIds(firstId, lastId)
    .each(({ id }) => {
      ids.push(id);
      return false;
    });
  return ids;
}

const givenFields = (fields: Fields): ObjectFields =>
  fields['fields'] === undefined ? {} : asObject(fields['fields']);

function optionsField(fields: Fields): ChangeOptions {
  const { updatedTime: updatedAt, createdTime: createdAt } = {
    ...timeField(fields, 'updatedTime'),
    ...timeField(fields, 'createdTime'),
  };
  return {
    ...('silent' in fields ? { silent: booleanField(fields, 'silent') } : {}),
    ...numberFields(fields, ['id']),
    ...(updatedAt === undefined ? {} : { updatedAt }),
    ...(createdAt === undefined ? {} : { createdAt }),
  };
}

function timeField<Name extends string>(fields: Fields, name: Name): Partial<Record<Name, number>> {
  const value = fields[name];
  if (value === undefined) return {};
  const seconds = typeof value === 'number' ? value : Date.parse(textField(fields, name)) / 1000;
  if (!Number.isFinite(seconds)) throw new ControlError(400, `${name} is no time`);
  return { [name]: Math.floor(seconds) } as Partial<Record<Name, number>>;
}
