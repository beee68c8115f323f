#!/usr/bin/env node
import 'reflect-metadata';
import { CommanderError } from 'commander';
import { SettingsError } from '../config.js';
import { settingsOfProcess } from '../environment.js';
import { TokenVaultError } from '../portals/token-vault.js';
import { printable } from '../printable.js';
import { CommandFailed, type CommandResult } from './command-result.js';
import { program } from './program.js';
import { reasonOf } from './reason.js';
import { processTerminal } from './terminal.js';

const USAGE = 2;

/** Ends the process once everything is written: connections that are kept open must not hold it up. */
function end(exitCode: number): void {
  process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
}

function finish({ exitCode, text, json }: CommandResult, asJson: boolean): void {
  process.stdout.write(`${asJson ? JSON.stringify(json, null, 2) : printable(text)}\n`);
  process.exitCode = exitCode;
}

function fail(message: string, exitCode: number, asJson: boolean): void {
  if (asJson) process.stdout.write(`${JSON.stringify({ error: message }, null, 2)}\n`);
  else process.stderr.write(`${printable(message)}\n`);
  process.exitCode = exitCode;
}

async function main(): Promise<void> {
  // Whoever reads us may have read enough (`| head`).
  process.stdout.on('error', () => process.exit(0));
  const asJson = process.argv.includes('--json');
  try {
    await program({ settings: settingsOfProcess, terminal: processTerminal, done: finish }).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and usage errors are on the terminal by then.
      process.exitCode = error.exitCode === 0 ? 0 : USAGE;
      if (asJson && error.exitCode !== 0) fail(error.message, USAGE, true);
    } else if (error instanceof CommandFailed) fail(error.message, error.exitCode, asJson);
    else if (error instanceof SettingsError || error instanceof TokenVaultError) {
      fail(error.message, SettingsError.exitCode, asJson);
    } else fail(reasonOf(error), 1, asJson);
  }
  end(Number(process.exitCode ?? 0));
}

await main();
