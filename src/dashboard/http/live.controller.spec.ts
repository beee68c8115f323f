import { EventEmitter } from 'node:events';
import { type ServerResponse } from 'node:http';
import { expect, it } from '@jest/globals';
import { type SnapshotFeed } from '../live/snapshot-feed.js';
import { type Access } from '../session/access.js';
import { type DashboardRequest } from '../session/dashboard-request.js';
import { LiveController } from './live.controller.js';

const feed = { watch: () => () => undefined } as unknown as SnapshotFeed;
const access = { ends: { has: () => Promise.resolve(false) } } as unknown as Access;

/** A controller, and requests of which nothing is read yet. */
function live() {
  const controller = new LiveController(feed, access);
  return (session: string, from = '192.0.2.1', gone = false) => {
    const request = {
      session: { id: session, expiresAt: Date.now() + 60_000 },
    } as unknown as DashboardRequest;
    const response = Object.assign(new EventEmitter(), { destroyed: gone }) as unknown as ServerResponse;
    const stream = controller.watch(request, response, from);
    return { stream, close: () => response.emit('close') };
  };
}

it('counts a stream from when it is granted, however many are asked for at once', () => {
  const open = live();
  const opened = Array.from({ length: 10 }, () => open('a'));
  expect(() => open('a')).toThrow(/too many pages/);
  // Another user's, up to what one address may have.
  for (let count = 0; count < 20; count += 1) open(`b${count % 4}`);
  expect(() => open('c')).toThrow(/too many pages/);
  expect(() => open('c', '192.0.2.2')).not.toThrow();
  // Gone before anything was sent, or after.
  opened[0]?.close();
  open('a');
  expect(() => open('a')).toThrow(/too many pages/);
});

it('gives a place back once, and takes none for who is gone already', () => {
  const open = live();
  for (let count = 0; count < 50; count += 1) open('a', '192.0.2.1', true);
  const [first] = Array.from({ length: 10 }, () => open('a'));
  const reading = first?.stream.subscribe();
  reading?.unsubscribe();
  first?.close();
  first?.close();
  open('a');
  expect(() => open('a')).toThrow(/too many pages/);
});
