import catalogue from './bitrix24-events.json' with { type: 'json' };

/** Stands in the catalogue for the number of a smart process, e.g. `ONCRMDYNAMICITEMADD_<entityTypeId>`. */
const NUMBER_IN_CODE = '<entitytypeid>';
const NUMBER_IN_TOPIC = 'entitytypeid';

/** More distinct codes than any portal has; beyond it the memory starts anew. */
const MEMO_ENTRIES = 2_000;
/** Longer codes are never listed ones: they are worked out each time rather than kept. */
const MEMO_CODE_LENGTH = 128;

interface Topic {
  readonly topic: string;
  readonly subjectPrefix: string;
}

/** Codes of the bridge's own: what it read of a kind of objects, and that all of a snapshot was read. */
const OWN_CODE =
  /^(?:crm\.(?:lead|deal|contact|company|quote|invoice|dynamic-item-[0-9]{1,9})\.snapshot|bridge\.snapshot\.completed)$/;

const listed = new Map<string, string>();
const numbered = new Map<string, string>();
for (const { code, topic } of catalogue) {
  const key = asciiLowerCase(code);
  if (key.endsWith(NUMBER_IN_CODE)) numbered.set(key.slice(0, -NUMBER_IN_CODE.length), topic);
  else listed.set(key, topic);
}

/** Every code that Bitrix24 documents, in capitals; that of a smart process' events ends in `_`. */
export const LISTED_CODES: readonly string[] = [...listed.keys(), ...numbered.keys()].map((code) =>
  code.toUpperCase(),
);

/** Whether Bitrix24 documents an event of this code. */
export function isListedCode(code: string): boolean {
  const key = asciiLowerCase(code);
  return listed.has(key) || numberedTopic(key) !== undefined;
}

const memo = new Map<string, Topic>();

/**
 * The topic of an event code: `ONCRMDEALUPDATE` → `crm.deal.update`, for one that is not listed
 * `other.<code>.event`. Codes compare without regard to case. The answer is always three or more
 * dot-separated words of `[a-z0-9-]`, as long as the code makes it.
 */
export function topicOf(eventCode: string): string {
  return lookUp(eventCode).topic;
}

/** What an event is about, its topic without the action: `ONCRMDEALUPDATE` → `crm.deal`. */
export function subjectPrefix(eventCode: string): string {
  return lookUp(eventCode).subjectPrefix;
}

function lookUp(eventCode: string): Topic {
  const remembered = memo.get(eventCode);
  if (remembered !== undefined) return remembered;
  const found = find(eventCode);
  if (eventCode.length <= MEMO_CODE_LENGTH) {
    if (memo.size >= MEMO_ENTRIES) memo.clear();
    memo.set(eventCode, found);
  }
  return found;
}

function find(eventCode: string): Topic {
  const key = asciiLowerCase(eventCode);
  const topic = OWN_CODE.test(key) ? key : (listed.get(key) ?? numberedTopic(key));
  if (topic !== undefined) return { topic, subjectPrefix: topic.slice(0, topic.lastIndexOf('.')) };
  const word = key.replace(/^on/, '').replace(/[^a-z0-9]/gu, '-');
  // A routing key has no empty words: an event without a name still needs one.
  const prefix = `other.${word === '' ? 'unnamed' : word}`;
  return { topic: `${prefix}.event`, subjectPrefix: prefix };
}

function numberedTopic(key: string): string | undefined {
  const number = /[0-9]+$/.exec(key.slice(-MEMO_CODE_LENGTH))?.[0];
  if (number === undefined) return undefined;
  return numbered.get(key.slice(0, -number.length))?.replace(NUMBER_IN_TOPIC, number);
}

/** Unlike `toLowerCase` it leaves letters alone that only look like ASCII when lowered (the Kelvin sign). */
function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
