import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import amqp, { type Channel, type ConsumeMessage } from 'amqplib';
import { type LogFields, type SettingsInput } from 'bitrix24-offline-bridge';

/** The part of the emulator that these tests use; it is no part of the package. */
interface Emulator {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  addPortal(options: { name: string }): Portal;
  close(): Promise<void>;
  assertNothingDestroyed(): void;
}

export interface Portal {
  readonly domain: string;
  issueRefreshToken(): string;
  bindings(): unknown[];
  rows(): unknown[];
  push(change: { event: string; data: unknown; userId: string }): unknown;
}

type Body = Record<string, unknown> & { subject?: string; attempt?: number; id?: string };
export interface Received {
  readonly key: string;
  readonly body: Body;
}

/** Resolves when `done` says so. @throws {Error} after 30 s */
export async function until(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error(`waited 30 s for ${what}`);
    await pause(25);
  }
}

/** A portal, a queue bound to everything, and the settings of a bridge between them. */
export class Scene {
  readonly received: Received[] = [];
  readonly lines: LogFields[] = [];
  readonly log = {
    debug: (fields: LogFields) => void this.lines.push(fields),
    info: (fields: LogFields) => void this.lines.push(fields),
    warn: (fields: LogFields) => void this.lines.push(fields),
    error: (fields: LogFields) => void this.lines.push(fields),
  };
  readonly prefix = `p${randomBytes(6).toString('hex')}`;
  /** Events of these objects are rejected. */
  readonly failing = new Set<string>();
  private readonly closing: (() => unknown)[] = [];

  private constructor(
    readonly emulator: Emulator,
    readonly portal: Portal,
    readonly channel: Channel,
    readonly settings: SettingsInput,
  ) {}

  static async open(): Promise<Scene> {
    const { startEmulator } = (await import(process.env['EMULATOR'] ?? '')) as {
      startEmulator: () => Promise<Emulator>;
    };
    const emulator = await startEmulator();
    const portal = emulator.addPortal({ name: 'acme' });
    const connection = await amqp.connect(process.env['RABBITMQ_URL'] ?? '');
    const channel = await connection.createChannel();
    const folder = mkdtempSync(join(tmpdir(), 'bridge-module-'));
    const settings: SettingsInput = {
      RABBITMQ_URL: process.env['RABBITMQ_URL'],
      DATABASE_URL: `file:${join(folder, 'bridge.db')}`,
      B24_CLIENT_ID: emulator.clientId,
      B24_CLIENT_SECRET: emulator.clientSecret,
      B24_OAUTH_URL: emulator.url,
      B24_ALLOW_HTTP: true,
      B24_DOMAIN: portal.domain,
      B24_REFRESH_TOKEN: portal.issueRefreshToken(),
      B24_EVENTS: ['ONCRMDEALUPDATE'],
      DRAIN_INTERVAL_MS: 200,
      RETRY_BASE_DELAY_MS: 600_000,
      RETRY_MAX_DELAY_MS: 600_000,
    };
    const scene = new Scene(emulator, portal, channel, settings);
    scene.closing.push(
      () => rmSync(folder, { recursive: true, force: true }),
      () => emulator.close(),
      () => connection.close(),
      () => scene.deleteNames(),
    );
    return scene;
  }

  /** The settings with the names of this scene. */
  get own(): SettingsInput {
    return { ...this.settings, AMQP_PREFIX: this.prefix };
  }

  /** Ends something before all else at the end. */
  closes<T extends { close(): Promise<void> }>(app: T): T {
    this.closing.push(() => app.close());
    return app;
  }

  /** Begins to consume, once the bridge has declared its exchanges. */
  async consume(): Promise<void> {
    await until('bindings on the portal', () => this.portal.bindings().length === 1);
    const queue = `${this.prefix}.consumer`;
    await this.channel.assertQueue(queue, {
      arguments: { 'x-dead-letter-exchange': `${this.prefix}.failures` },
    });
    await this.channel.bindQueue(queue, `${this.prefix}.events`, '#');
    await this.channel.consume(queue, (message) => {
      if (message !== null) this.take(message);
    });
  }

  change(id: number): void {
    this.portal.push({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: String(id) } }, userId: '1' });
  }

  async depth(queue: string): Promise<number> {
    return (await this.channel.checkQueue(`${this.prefix}.${queue}`)).messageCount;
  }

  async close(): Promise<void> {
    for (const close of this.closing.reverse()) await close();
    this.emulator.assertNothingDestroyed();
  }

  private take(message: ConsumeMessage): void {
    const body = JSON.parse(message.content.toString()) as Body;
    this.received.push({ key: message.fields.routingKey, body });
    if (this.failing.has(body.subject ?? '')) this.channel.nack(message, false, false);
    else this.channel.ack(message);
  }

  private async deleteNames(): Promise<void> {
    for (const exchange of ['events', 'unrouted', 'failures', 'dead']) {
      await this.channel.deleteExchange(`${this.prefix}.${exchange}`);
    }
    for (const queue of ['unrouted', 'replies', 'replies.rejected', 'dead', 'consumer']) {
      await this.channel.deleteQueue(`${this.prefix}.${queue}`);
    }
  }
}
