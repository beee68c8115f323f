#!/usr/bin/env node
import 'reflect-metadata';
import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { settingsOfProcess } from '../config/process-settings.js';
import { languageOfEnvironment } from '../i18n/language.js';
import { processTerminal } from './command/terminal.js';
import { CONNECT_ATTEMPT_MS } from '../timing/connect-attempt.js';
import { runCommandLine } from './run-command-line.js';

/** Ends the process once everything is written: connections that are kept open must not hold it up. */
function end(exitCode: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
}

async function main(): Promise<void> {
  setDefaultAutoSelectFamilyAttemptTimeout(CONNECT_ATTEMPT_MS);
  // The reader of our output may have read enough (`| head`).
  process.stdout.on('error', () => process.exit(0));
  const exitCode = await runCommandLine(process.argv.slice(2), {
    read: settingsOfProcess,
    terminal: processTerminal,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    language: languageOfEnvironment(process.env),
  });
  end(exitCode);
}

await main();
