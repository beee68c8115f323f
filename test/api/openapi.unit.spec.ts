import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { expect, it, describe, beforeAll } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { format, type Options, resolveConfig } from 'prettier';
import { AppModule } from '../../src/app.module.js';
import { openapiDocument } from '../../src/api/openapi.js';
import { parseSettings } from '../../src/config/parse-settings.js';
import { inForm } from '../support/form.js';

const TYPES = new URL('openapi-types.ts', import.meta.url);
const FILE = new URL('../../docs/openapi.json', import.meta.url);
const SHA256 = /^\/\/ sha256 .*\n/m;
const quiet = () => undefined;

/** The types of the client, with a hash of them and of what they were made of: made anew by each run they would take long. */
async function typesOf(document: string, options: Options | null): Promise<string> {
  const { default: openapiTS, astToString } = await import('openapi-typescript');
  const source = `// Made of docs/openapi.json by openapi-typescript: npm run docs:openapi\n${astToString(await openapiTS(document))}`;
  const types = await format(source, { ...options, parser: 'typescript' });
  return types.replace('\n', `\n${sha256Of(document, types)}`);
}

const sha256Of = (document: string, types: string) =>
  `// sha256 ${createHash('sha256').update(document).update(types).digest('hex')}\n`;

describe('docs/openapi.json', () => {
  let made: string;
  let options: Options | null;
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
    options = await resolveConfig(FILE.pathname);
    made = await format(JSON.stringify(openapiDocument(app)), { ...options, parser: 'json' });
    if (process.env['WRITE_OPENAPI'] !== 'true') return;
    writeFileSync(FILE, made);
    writeFileSync(TYPES, await typesOf(made, options));
  });

  it('is what the code says (npm run docs:openapi writes it), and so are the types of its client', async () => {
    expect(readFileSync(FILE, 'utf8')).toBe(made);
    const types = readFileSync(TYPES, 'utf8');
    expect(SHA256.exec(types)?.[0]).toBe(sha256Of(made, types.replace(SHA256, '')));
    if (inForm({ full: true, small: false })) expect(types).toBe(await typesOf(made, options));
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
