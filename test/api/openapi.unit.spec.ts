import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { NestFactory } from '@nestjs/core';
import { expect, it, describe, beforeAll } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { AppModule } from '../../src/app.module.js';
import { openapiDocument } from '../../src/api/openapi.js';
import { parseSettings } from '../../src/config/parse-settings.js';

const TYPES = new URL('openapi-types.ts', import.meta.url);
const FILE = new URL('../../docs/openapi.json', import.meta.url);
const TITLE = '// Made of docs/openapi.json by openapi-typescript: npm run docs:openapi\n';
const generator = createRequire(import.meta.url)('openapi-typescript/package.json') as { version: string };
const quiet = () => undefined;

/**
 * What the types are made of, and what they are: while none of it has changed, they need not be made again to be
 * compared, which takes seconds.
 */
const seal = (document: string, types: string) =>
  createHash('sha256')
    .update(JSON.stringify([generator.version, document, types]))
    .digest('hex');

async function makeTypes(document: string): Promise<string> {
  const { default: openapiTS, astToString } = await import('openapi-typescript');
  const { format, resolveConfig } = await import('prettier');
  const options = await resolveConfig(TYPES.pathname);
  const types = await format(astToString(await openapiTS(document)), { ...options, parser: 'typescript' });
  return `${TITLE}// ${seal(document, types)}\n${types}`;
}

describe('docs/openapi.json', () => {
  /** Without its line breaks, which `npm run lint` looks at. */
  let made: string;
  beforeAll(async () => {
    const settings = parseSettings({
      B24_CLIENT_ID: 'id',
      B24_CLIENT_SECRET: 'secret',
      API_TOKEN: 'docs:read:0123456789abcdef0123456789abcdef',
    });
    const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
    // Nothing is started: only what the controllers say of themselves is read.
    const app = await NestFactory.create(await AppModule.with({ settings, log }), {
      preview: true,
      logger: false,
    });
    made = JSON.stringify(openapiDocument(app));
    if (process.env['WRITE_OPENAPI'] !== 'true') return;
    const { format, resolveConfig } = await import('prettier');
    writeFileSync(FILE, await format(made, { ...(await resolveConfig(FILE.pathname)), parser: 'json' }));
    writeFileSync(TYPES, await makeTypes(made));
  });

  it('is what the code says (npm run docs:openapi writes it), and so are the types of its client', async () => {
    expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(made));
    expect(JSON.stringify(JSON.parse(readFileSync(FILE, 'utf8')))).toBe(made);
    const written = readFileSync(TYPES, 'utf8');
    const [, sealed, types = ''] = /^.*\n\/\/ ([0-9a-f]{64})\n([^]*)$/.exec(written) ?? [];
    if (!written.startsWith(TITLE) || sealed !== seal(made, types)) {
      expect(written).toBe(await makeTypes(made));
    }
  });

  it('is valid, and has nothing that the linter would change', async () => {
    const config = await createConfig({
      extends: ['recommended'],
      rules: { 'no-server-example.com': 'off' },
    });
    const problems = await lintFromString({ source: made, absoluteRef: FILE.pathname, config });
    expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual(
      [],
    );
  });

  it('tells of each operation what it answers, and of no answer more than it has', () => {
    const { paths } = JSON.parse(made) as { paths: Record<string, Record<string, { operationId: string }>> };
    const operations = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map((one) => one.operationId),
    );
    expect(operations.sort()).toEqual(
      [
        'listPortals',
        'getPortal',
        'getReconciliation',
        'listMissedChanges',
        'reconcileNow',
        'listSnapshots',
        'startSnapshot',
        'pauseSnapshot',
        'resumeSnapshot',
        'cancelSnapshot',
        'wakePortal',
        'pausePortal',
        'resumePortal',
        'findEvents',
        'getEvent',
        'retryEvents',
        'discardEvents',
        'listAudit',
        'getHealth',
        'listQueues',
        'lookIntoQueue',
        'republish',
      ].sort(),
    );
  });
});
