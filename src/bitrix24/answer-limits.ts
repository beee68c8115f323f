import { type JsonLimits } from '../json/json-structure.js';

/** What an answer may be. */
export interface AnswerLimits extends JsonLimits {
  /** Unpacked. */
  readonly bytes: number;
}

/** The settings that say how much of portals' answers is taken in. */
interface AnswerSettings {
  readonly DRAIN_EVENT_BYTES: number;
  readonly DRAIN_ANSWER_BYTES: number;
}

/**
 * One page of a list has 50 events, whatever was asked for, and it has to fit: a portal's database takes 64 KiB of an
 * event, which as JSON may be three times as much.
 */
const LEAST_BYTES = 10 * 1024 * 1024;
/** Each map, list or value of an answer takes memory beside its text. What portals send has one in 20 to 40 bytes. */
const BYTES_A_VALUE = 40;
/** Only what events hold can be nested at will, and that is looked at event by event. */
const LEVELS = 20_000;

/** Answers of so many events, by what an event may weigh; 10 MiB at least, half of all memory for answers at most. */
export function pageLimits(settings: AnswerSettings, events: number): AnswerLimits {
  const asked = events * settings.DRAIN_EVENT_BYTES;
  return answerLimits(Math.min(Math.max(asked, LEAST_BYTES), settings.DRAIN_ANSWER_BYTES / 2));
}

/** Answers of calls that ask for no events, such as a list of bindings. */
export const SMALL_ANSWER: AnswerLimits = answerLimits(1024 * 1024);
/** Errors, which may be pages for people. */
export const ERROR_ANSWER: AnswerLimits = answerLimits(256 * 1024);
export const TOKEN_ANSWER: AnswerLimits = answerLimits(64 * 1024);

/** An answer of at most so many bytes, and what fits with them. */
export function answerLimits(bytes: number): AnswerLimits {
  return { bytes: Math.floor(bytes), values: Math.floor(bytes / BYTES_A_VALUE), depth: LEVELS };
}

/** A page of events, by the settings' defaults. */
export const DEFAULT_PAGE: AnswerLimits = answerLimits(LEAST_BYTES);
