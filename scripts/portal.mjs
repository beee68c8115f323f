import { run } from './run.mjs';

await run({ file: 'build/emulator/cli.js' });
