import { type MissedCause } from '../../database/reconcile-schema.js';
import { Phrase } from '../../i18n/translate.js';

/** Why no event has announced a change, for people. */
export const CAUSE_TEXTS: Readonly<Record<MissedCause, Phrase>> = {
  bindings_missing: Phrase.of('missed.bindings_missing'),
  not_installed: Phrase.of('missed.not_installed'),
  unfinished: Phrase.of('missed.unfinished'),
  suspended: Phrase.of('missed.suspended'),
  unlicensed: Phrase.of('missed.unlicensed'),
  unauthorized: Phrase.of('missed.unauthorized'),
  paused: Phrase.of('missed.paused'),
  own_write: Phrase.of('missed.own_write'),
  shared_queue: Phrase.of('missed.shared_queue'),
  unknown: Phrase.of('missed.unknown'),
};
