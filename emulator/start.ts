import { Emulator, type EmulatorOptions } from './emulator.js';
import { EmulatorServer } from './server.js';

/** Starts an emulator without portals. @throws Error when the address is taken */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = new Emulator(options);
  await emulator.start(new EmulatorServer(emulator));
  return emulator;
}
