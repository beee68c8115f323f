import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { Ajv } from 'ajv';

const FOLDER = new URL('../../docs/schemas/', import.meta.url);
const files = readdirSync(FOLDER);

it.each(files)('%s is a JSON schema of which every word is known', (file) => {
  const ajv = new Ajv({ strict: true });
  for (const name of files)
    ajv.addSchema(JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as object, name);
  expect(ajv.getSchema(file)).toBeDefined();
});
