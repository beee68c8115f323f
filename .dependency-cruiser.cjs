/** The rooms of src/ and who may look into whom: imports point down only. */
const room = (name) => `^src/${name}/`;
const notFrom = (from, to, comment) => ({
  name: `${from.replace(/[^a-z|]/g, '')}-not-to-${to.replace(/[^a-z|]/g, '')}`,
  severity: 'error',
  comment,
  from: { path: room(from) },
  to: { path: room(to) },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      // The browser's files stand beside each other only when they are served.
      from: { pathNot: '^src/dashboard/assets/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      comment: 'the published package has production dependencies only',
      from: { path: '^src', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm-peer'] },
    },
    {
      name: 'emulator-stands-alone',
      severity: 'error',
      comment: 'the emulator is the portal: sharing code with the bridge would share its mistakes',
      from: { path: '^emulator' },
      to: { path: '^(src|test|bench)/' },
    },
    {
      name: 'src-stands-alone',
      severity: 'error',
      from: { path: '^src' },
      to: { path: '^(emulator|test|bench|examples)/' },
    },
    {
      name: 'contract-imports-no-room',
      severity: 'error',
      from: { path: room('contract') },
      to: { path: '^src/', pathNot: '^src/contract/' },
    },
    {
      name: 'nothing-imports-the-command-line',
      severity: 'error',
      comment: 'the command line stands beside the service, on top of the rooms',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    notFrom(
      'bitrix24',
      '(broker|ledger|portals|drain|outcomes|maintenance|monitoring|database|inspection|dashboard)',
      'a portal client knows no other room',
    ),
    notFrom(
      'broker',
      '(bitrix24|ledger|portals|drain|outcomes|maintenance|monitoring|database|inspection|dashboard)',
      'the broker knows no other room',
    ),
    notFrom(
      'ledger',
      '(bitrix24|broker|portals|drain|outcomes|maintenance|monitoring|contract|inspection|dashboard)',
      'the ledger knows only the database',
    ),
    notFrom(
      'database',
      '(bitrix24|broker|ledger|portals|drain|outcomes|maintenance|monitoring|contract|inspection|dashboard)',
      'the database is at the bottom',
    ),
    notFrom(
      'portals',
      '(broker|ledger|drain|outcomes|maintenance|monitoring|inspection|dashboard)',
      'portals do not know who drains them',
    ),
    notFrom(
      '(drain|outcomes|maintenance|portals|ledger|broker|bitrix24|contract|database)',
      '(monitoring|tracing)',
      'nothing that works knows who watches it',
    ),
    notFrom(
      'tracing',
      '(bitrix24|portals|drain|outcomes|maintenance|monitoring|database)',
      'tracing knows what it describes: messages, ledger changes, correlation ids',
    ),
    {
      name: 'telemetry-sdk-only-where-it-is-started',
      severity: 'error',
      comment: 'whoever does not trace loads the API only',
      from: { path: '^src/', pathNot: '^src/tracing/(sdk|[a-z-]+\\.spec)\\.ts$' },
      to: { path: 'node_modules/@opentelemetry/(?!api/)' },
    },
    {
      name: 'telemetry-sdk-loaded-on-demand',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/tracing/sdk\\.ts$', dependencyTypesNot: ['dynamic-import'] },
    },
    notFrom(
      'inspection',
      '(broker|drain|outcomes|maintenance|monitoring|dashboard)',
      'what people see of events: the contract, the ledger and the portals, nothing that runs',
    ),
    notFrom(
      '(drain|outcomes|maintenance|monitoring|cli)',
      'dashboard',
      'the dashboard looks at the rooms, and no room at it',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
