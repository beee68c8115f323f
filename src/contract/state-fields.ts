import {
  EVERY_SMART_PROCESS,
  EVERY_TYPE,
  type ObjectType,
  objectTypeNamed,
  ObjectTypes,
} from './object-types.js';

/** Every field, also those that hold personal data. */
const EVERY_FIELD = '*';

/** What every object has. */
const COMMON = [
  'id',
  'createdTime',
  'updatedTime',
  'createdBy',
  'updatedBy',
  'assignedById',
  'opened',
  'webformId',
  'lastActivityTime',
  'lastActivityBy',
  'originatorId',
  'originId',
  'utmSource',
  'utmMedium',
  'utmCampaign',
  'utmContent',
  'utmTerm',
] as const;
const MONEY = ['opportunity', 'isManualOpportunity', 'currencyId'] as const;
const STAGES = ['stageId', 'movedTime', 'movedBy'] as const;
const CLIENT = ['companyId', 'contactId', 'contactIds', 'mycompanyId'] as const;
const SMART_PROCESS = [
  ...['title', 'categoryId', ...STAGES, 'previousStageId', ...MONEY, 'taxValue', ...CLIENT],
  ...['begindate', 'closedate', 'sourceId', 'xmlId'],
];

/**
 * The fields that events carry where nothing is set: none that is there to hold a person's name, phone, e-mail, address or
 * birthday, and no free text of people's. By the type's number; 0 stands for smart processes.
 */
const DEFAULT_FIELDS: Readonly<Record<number, readonly string[]>> = {
  1: [
    ...['title', ...STAGES, 'stageSemanticId', ...MONEY, 'sourceId', 'companyId', 'contactId', 'contactIds'],
    ...['isReturnCustomer', 'hasPhone', 'hasEmail', 'dateClosed', 'closed'],
  ],
  2: [
    ...['title', 'typeId', 'categoryId', ...STAGES, 'stageSemanticId', 'previousStageId', 'isNew', 'closed'],
    ...[
      ...MONEY,
      'taxValue',
      'probability',
      ...CLIENT,
      'leadId',
      'quoteId',
      'begindate',
      'closedate',
      'sourceId',
    ],
    ...['isRecurring', 'isReturnCustomer', 'isRepeatedApproach'],
  ],
  3: ['typeId', 'sourceId', 'companyId', 'companyIds', 'leadId', 'export', 'hasPhone', 'hasEmail'],
  4: [
    'title',
    'companyType',
    'industry',
    'employees',
    'revenue',
    'currencyId',
    'isMyCompany',
    'leadId',
    'contactIds',
  ],
  7: [
    ...['title', 'quoteNumber', ...STAGES, 'closed', ...MONEY, 'taxValue', ...CLIENT, 'dealId', 'leadId'],
    ...['begindate', 'closedate', 'actualDate'],
  ],
  31: [...SMART_PROCESS, 'accountNumber'],
  0: SMART_PROCESS,
};

/** The fields of a type that events carry where nothing is set. */
export function defaultFields(entityTypeId: number): string[] {
  const own = DEFAULT_FIELDS[entityTypeId] ?? DEFAULT_FIELDS[0] ?? [];
  return [...new Set([...COMMON, ...own])];
}

/** Which fields of which type events carry. */
export class StateFields {
  private readonly byWord: ReadonlyMap<string, readonly string[]>;

  /** @param text `crm.deal:id,title,stageId;crm.contact:*`; '' for the defaults. Its faults are for {@link faultOf} */
  constructor(text: string) {
    this.byWord = new Map(
      partsOf(text).map(({ word, fields }) => [objectTypeNamed(word)?.name ?? word, fields]),
    );
  }

  /** What is wrong with such a text; null where nothing is. */
  static faultOf(text: string): string | null {
    for (const { word, fields } of partsOf(text)) {
      const fault = ObjectTypes.faultOf(word);
      if (fault !== null) return fault;
      if (fields.length === 0) return `${word} has no fields: ${word}:id,title, or ${word}:* for all`;
      const wrong = fields.find(
        (field) => field !== EVERY_FIELD && !/^[A-Za-z][A-Za-z0-9_]{0,99}$/.test(field),
      );
      if (wrong !== undefined) return `${JSON.stringify(wrong)} of ${word} is no field's name`;
      if (fields.length > MOST_FIELDS) return `${word} has more than ${MOST_FIELDS} fields`;
    }
    return null;
  }

  /** The fields of a type: `['*']` for all; the id is always among them. */
  of({ name, entityTypeId }: ObjectType): readonly string[] {
    const smart = name.startsWith(`${EVERY_SMART_PROCESS}-`)
      ? this.byWord.get(EVERY_SMART_PROCESS)
      : undefined;
    const set = this.byWord.get(name) ?? smart ?? this.byWord.get(EVERY_TYPE);
    if (set === undefined) return defaultFields(entityTypeId);
    return set.includes(EVERY_FIELD) ? [EVERY_FIELD] : [...new Set(['id', ...set])];
  }
}

/** Beside the ids, a portal reads a thousand variables of a command. */
const MOST_FIELDS = 500;

function partsOf(text: string): { word: string; fields: string[] }[] {
  return text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const [word = '', list = ''] = part.split(':', 2);
      const fields = list.split(',').map((field) => field.trim());
      return { word: word.trim(), fields: fields.filter((field) => field !== '') };
    });
}
