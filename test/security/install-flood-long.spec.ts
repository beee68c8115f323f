import { jest } from '@jest/globals';
import { describeInstallFlood } from './install-floods.js';

jest.setTimeout(300_000);
describeInstallFlood(10_000);
