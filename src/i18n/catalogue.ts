import { type ArgumentsOf } from './arguments.js';
import { type Language } from './language.js';
import { adviceTexts } from './texts/advice.js';
import { checkTexts } from './texts/check.js';
import { doctorTexts } from './texts/doctor.js';
import { eventTexts } from './texts/event.js';
import { eventsTexts } from './texts/events.js';
import { faultTexts } from './texts/faults.js';
import { auditTexts } from './texts/audit.js';
import { findTexts } from './texts/find.js';
import { layoutTexts } from './texts/layout.js';
import { missedTexts } from './texts/missed.js';
import { listTexts } from './texts/lists.js';
import { pauseTexts } from './texts/pauses.js';
import { overviewTexts } from './texts/overview.js';
import { portalTexts } from './texts/portal.js';
import { queuesTexts } from './texts/queues.js';
import { republishTexts } from './texts/republish.js';
import { snapshotTexts } from './texts/snapshots.js';
import { stateTexts } from './texts/states.js';
import { timeTexts } from './texts/times.js';
import { troubleTexts } from './texts/trouble.js';

/** Every text that people read in more than one language. */
export const TEXTS = {
  ...auditTexts,
  ...layoutTexts,
  ...listTexts,
  ...missedTexts,
  ...pauseTexts,
  ...overviewTexts,
  ...portalTexts,
  ...eventsTexts,
  ...eventTexts,
  ...queuesTexts,
  ...adviceTexts,
  ...checkTexts,
  ...doctorTexts,
  ...faultTexts,
  ...findTexts,
  ...republishTexts,
  ...snapshotTexts,
  ...stateTexts,
  ...timeTexts,
  ...troubleTexts,
} as const satisfies Readonly<Record<string, Readonly<Record<Language, string>>>>;

/** What a text is named by. */
export type TextKey = keyof typeof TEXTS;

/** The arguments of a text; none where it takes none. */
export type TextArguments<Key extends TextKey, Value, Markup = never> = [
  keyof ArgumentsOf<(typeof TEXTS)[Key]['en'], Value, Markup>,
] extends [never]
  ? []
  : [values: ArgumentsOf<(typeof TEXTS)[Key]['en'], Value, Markup>];
