import { exampleClients } from './example-clients.mjs';
import { prepare } from './prepare.mjs';
import { run } from './run.mjs';

const note = (line) => console.error(line);

try {
  await prepare({ log: note });
  const examples = await exampleClients({ only: process.argv.slice(2), log: note });
  process.env.EXAMPLES = JSON.stringify(examples);
} catch (error) {
  note(error.message);
  process.exit(1);
}
await run({ file: 'build/examples/check/main.js', rabbitmq: true });
