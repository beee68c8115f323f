import { type EventState, type StateStatus } from '../../contract/event-state.js';
import { isDeeperThan } from '../../json/deep-json.js';
import { parseJson, writeJson } from '../../json/exact-json.js';
import { type ObjectRead } from '../reading/object-read.js';
import { type StateMemory } from './state-memory.js';

/** What was found out of an object. */
export interface KnownState {
  readonly status: Exclude<StateStatus, 'late'> | 'failed';
  /** The object as JSON text, which takes less memory than what it says; null unless it was read. */
  readonly text: string | null;
  /** When its request left, Unix ms: it is as it was then, or newer. */
  readonly beganAt: number;
  /** Bytes that it has of the memory for states. */
  readonly bytes: number;
}

/** Deeper ones no consumer's reader should meet in an event. */
const LEVELS = 100;
/** Failures that say what our user or application may not do: to ask again helps nobody. */
const FORBIDDEN: ReadonlySet<string> = new Set(['configuration', 'unlicensed', 'not-allowed']);

/** What a read says, and as much of the memory as it takes. @param maxBytes what a state may weigh as JSON */
export function knownState(
  read: ObjectRead,
  maxBytes: number,
  stateMemory: StateMemory,
  now: number,
): KnownState {
  const nothing = { text: null, bytes: 0 };
  if (read.status === 'failed') {
    const status = FORBIDDEN.has(read.error.action) ? 'unreadable' : 'failed';
    return { status, ...nothing, beganAt: now };
  }
  const { beganAt } = read;
  if (read.status !== 'read') return { status: read.status, ...nothing, beganAt };
  if (isDeeperThan(read.object, LEVELS)) return { status: 'too_large', ...nothing, beganAt };
  const text = writeJson(read.object);
  if (Buffer.byteLength(text) > maxBytes) return { status: 'too_large', ...nothing, beganAt };
  // What a text takes in memory: two bytes a letter, unless all of them are of Latin-1.
  const bytes = text.length * 2;
  return stateMemory.take(bytes)
    ? { status: 'read', text, bytes, beganAt }
    : { status: 'failed', ...nothing, beganAt };
}

/** What an event says of its object that was read. */
export function eventState({ status, text, beganAt }: KnownState): EventState {
  const object = text === null ? null : (parseJson(text) as Record<string, unknown>);
  if (status === 'failed') return LATE;
  const asked = status === 'unsupported' ? null : new Date(beganAt).toISOString();
  return { status, readAt: asked, object };
}

/** It could not be read in time. */
export const LATE: EventState = { status: 'late', readAt: null, object: null };
/** The event itself says that there is no object any more. */
export const DELETED: EventState = { status: 'gone', readAt: null, object: null };
/** Its object cannot be read. */
export const UNSUPPORTED: EventState = { status: 'unsupported', readAt: null, object: null };
