import { fork } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';
import { provideRabbitmq } from './rabbitmq.mjs';

// A broker of its own, which is restarted again and again.
await prepare({ log: console.error });
const broker = await provideRabbitmq({ private: true, log: console.error });
const program = fork(join(root, 'build/bench/soak.js'), process.argv.slice(2), {
  env: { ...process.env, RABBITMQ_URL: broker.url },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => program.kill(signal));
program.on('message', (message) => {
  if (message !== 'restart the broker') return;
  broker.restart().then(
    () => program.connected && program.send('restarted'),
    (error) => {
      console.error(`RabbitMQ did not come back: ${error.message}`);
      program.kill('SIGTERM');
    },
  );
});
const code = await new Promise((resolve) => program.once('exit', (status) => resolve(status ?? 1)));
await broker.stop();
process.exit(code);
