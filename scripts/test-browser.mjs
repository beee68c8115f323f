import { provideChromium } from './chromium.mjs';
import { run } from './run.mjs';

// `-- --screenshots` renews docs/screenshots/, whose pictures come from one suite.
const option = process.argv.indexOf('--screenshots');
if (option > 0) {
  process.argv.splice(option, 1, 'views.browser');
  process.env.SCREENSHOTS = 'docs/screenshots';
}
process.argv.splice(2, 0, '--config', 'jest.browser.config.mjs');

try {
  process.env.CHROMIUM_PATH = await provideChromium({ log: (line) => console.error(line) });
} catch (error) {
  console.error(`test:browser: ${error.message}`);
  process.exit(1);
}
await run({
  file: 'node_modules/jest/bin/jest.js',
  rabbitmq: true,
  bundled: true,
});
