export { runCommandLine } from '../../src/cli/run-command-line.js';
export { settingsOfProcess } from '../../src/config/process-settings.js';
