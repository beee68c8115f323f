import { expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { schemas } from '../support/contract.js';

const ajv = new Ajv({ strict: true });

it.each([...schemas.keys()])('%s is a JSON schema of which every word is known', (file) => {
  // Each refers to others.
  if (ajv.schemas[file] === undefined) for (const [name, schema] of schemas) ajv.addSchema(schema, name);
  expect(ajv.getSchema(file)).toBeDefined();
});
