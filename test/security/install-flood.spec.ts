import { describeInstallFlood } from './install-floods.js';

// `npm run test:long` has ten thousand of each.
describeInstallFlood(1_500);
