import { type IncomingMessage, type ServerResponse } from 'node:http';
import {
  BadRequestException,
  HttpException,
  PayloadTooLargeException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import bodyParser from 'body-parser';
import qs from 'qs';
import { MalformedNotification, type Notification, readNotification } from './notification.js';

/** What stands in the place of a body that is no {@link Notification}: how it is answered, and why, for the log. */
export class UnreadableNotification {
  constructor(
    readonly answer: HttpException,
    readonly reason: string,
  ) {}
}

/** A portal's notification has a few hundred bytes. */
const MAX_BODY_BYTES = 64 * 1024;

const FORM = {
  parameterLimit: 500,
  arrayLimit: 50,
  throwOnLimitExceeded: true,
  allowPrototypes: false,
  duplicates: 'last',
} as const;

type Next = (error?: unknown) => void;
type Request = IncomingMessage & { body?: unknown };

// Portals do not compress, and what is small on the wire may be large behind it.
const readRaw = bodyParser.raw({ type: () => true, limit: MAX_BODY_BYTES, inflate: false });

/**
 * Middleware: reads the body of a portal's POST, form-encoded with bracketed names or JSON, and puts the
 * {@link Notification} in its place, or an {@link UnreadableNotification} to be counted and logged: 413
 * above 64 KiB, 415 for another encoding, 400 for what is no notification. Where the application around us has parsed
 * the body before, its limits were the application's, and ours are applied to what it made of it.
 */
export function notificationBody(request: Request, response: ServerResponse, next: Next): void {
  // What is too large is read to its end and dropped: a client that is still sending would not see the answer otherwise.
  readRaw(request, response, (error?: unknown) => {
    let fault: unknown = error ?? null;
    try {
      if (fault === null) request.body = readBody(request);
    } catch (thrown) {
      fault = thrown;
    }
    const unreadable = fault === null ? null : unreadableFor(fault);
    if (unreadable !== null) request.body = unreadable;
    if (fault === null || unreadable !== null) next();
    else next(fault);
  });
}

function readBody(request: Request): Notification {
  const { body } = request;
  if (!Buffer.isBuffer(body) && Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) {
    throw new PayloadTooLargeException();
  }
  return readNotification(Buffer.isBuffer(body) ? parse(body, request) : body, queryOf(request));
}

function queryOf({ url = '' }: Request): unknown {
  const start = url.indexOf('?');
  return start < 0 ? null : qs.parse(url.slice(start + 1), { ...FORM, depth: 0 });
}

function parse(body: Buffer, request: Request): unknown {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const text = body.toString('utf8');
  switch (type) {
    case 'application/json':
      return JSON.parse(text) as unknown;
    case 'application/x-www-form-urlencoded':
    case '':
      return qs.parse(text, { ...FORM, depth: 5, strictDepth: true });
    default:
      throw new UnsupportedMediaTypeException();
  }
}

/** Null for a fault of ours. */
function unreadableFor(fault: unknown): UnreadableNotification | null {
  if (fault instanceof MalformedNotification) {
    return new UnreadableNotification(new BadRequestException(fault.faults), fault.message);
  }
  if (fault instanceof HttpException) return new UnreadableNotification(fault, fault.message);
  // JSON.parse and qs say what is wrong by quoting it, which is no business of the sender.
  if (fault instanceof SyntaxError || fault instanceof RangeError) {
    return new UnreadableNotification(new BadRequestException('unreadable body'), 'unreadable body');
  }
  // What body-parser refuses: too large, compressed, cut off.
  if (fault instanceof Error && 'status' in fault && typeof fault.status === 'number' && fault.status < 500) {
    return new UnreadableNotification(new HttpException(fault.message, fault.status), fault.message);
  }
  return null;
}
