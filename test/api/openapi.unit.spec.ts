import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { expect, it, describe, beforeAll } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import openapiTS, { astToString } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';
import { AppModule } from '../../src/app.module.js';
import { openapiDocument } from '../../src/api/openapi.js';
import { parseSettings } from '../../src/config/parse-settings.js';

const TYPES = new URL('openapi-types.ts', import.meta.url);
const FILE = new URL('../../docs/openapi.json', import.meta.url);
const quiet = () => undefined;

describe('docs/openapi.json', () => {
  let made: string;
  let types: string;
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
    const options = await resolveConfig(FILE.pathname);
    made = await format(JSON.stringify(openapiDocument(app)), { ...options, parser: 'json' });
    const source = `// Made of docs/openapi.json by openapi-typescript: npm run docs:openapi\n${astToString(await openapiTS(made))}`;
    types = await format(source, { ...options, parser: 'typescript' });
    if (process.env['WRITE_OPENAPI'] !== 'true') return;
    writeFileSync(FILE, made);
    writeFileSync(TYPES, types);
  });

  it('is what the code says (npm run docs:openapi writes it), and so are the types of its client', () => {
    expect(readFileSync(FILE, 'utf8')).toBe(made);
    expect(readFileSync(TYPES, 'utf8')).toBe(types);
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
