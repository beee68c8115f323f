/** The rooms of src/ and who may look into whom: imports point down only. */
const room = (name) => `^src/${name}/`;
const notFrom = (from, to, comment) => ({
  name: `${from.replace(/[^a-z|]/g, '')}-not-to-${to.replace(/[^a-z|]/g, '')}`,
  severity: 'error',
  comment,
  from: { path: room(from) },
  to: { path: room(to) },
});

/**
 * The rooms from the bottom to the top. One imports from those below its own layer, and from none beside it; what stands in
 * the way of more is said further down.
 */
const LAYERS = [
  ['i18n', 'json', 'logging', 'timing'],
  ['bitrix24', 'broker', 'contract', 'database', 'http'],
  ['audit', 'ledger'],
  ['outcomes', 'portals', 'tracing'],
  ['config', 'events', 'state'],
  ['replicas'],
  ['drain'],
  ['maintenance', 'monitoring'],
  ['bridge', 'cli'],
  ['api', 'dashboard'],
  ['service'],
];
const anyOf = (layers) => `(${layers.flat().join('|')})`;
const pointsDown = (layer, index) => ({
  name: `layer-${index + 1}-points-down`,
  severity: 'error',
  comment: `${layer.join(', ')}: imports come from the layers below`,
  from: { path: `^src/${anyOf(layer)}/`, pathNot: '\\.spec\\.ts$' },
  to: { path: `^src/${anyOf(LAYERS.slice(index))}/`, pathNot: '^src/$1/' },
});

module.exports = {
  forbidden: [
    ...LAYERS.map(pointsDown),
    {
      name: 'each-room-has-its-layer',
      severity: 'error',
      from: {},
      to: { path: '^src/[^/]+/', pathNot: `^src/${anyOf(LAYERS)}/` },
    },
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
      to: { path: '^(emulator|test|bench|examples)/', pathNot: '^test/support/(any-text|form)\\.ts$' },
    },
    {
      name: 'only-specs-use-test-support',
      severity: 'error',
      from: { path: '^src', pathNot: '\\.spec\\.ts$' },
      to: { path: '^test/' },
    },
    {
      name: 'contract-imports-no-room',
      severity: 'error',
      comment: 'what consumers see depends on nothing but how JSON is written',
      from: { path: room('contract') },
      to: { path: '^src/', pathNot: '^src/(contract|json)/' },
    },
    {
      name: 'json-imports-no-room',
      severity: 'error',
      from: { path: room('json') },
      to: { path: '^src/', pathNot: '^src/json/' },
    },
    {
      name: 'timing-imports-no-room',
      severity: 'error',
      from: { path: room('timing') },
      to: { path: '^src/', pathNot: '^src/timing/' },
    },
    {
      name: 'i18n-imports-no-room',
      severity: 'error',
      comment: 'every room may say something to people',
      from: { path: room('i18n'), pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/', pathNot: '^src/i18n/' },
    },
    {
      name: 'commands-import-what-they-share-and-not-the-other-way',
      severity: 'error',
      from: { path: '^src/cli/command/' },
      to: { path: '^src/cli/', pathNot: '^src/cli/command/' },
    },
    {
      name: 'commands-know-no-program',
      severity: 'error',
      from: { path: '^src/cli/[a-z]+/' },
      to: { path: '^src/cli/[^/]+$' },
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
      '(broker|ledger|portals|drain|outcomes|maintenance|monitoring|database|events|dashboard|cli|bridge)',
      'a portal client knows no other room',
    ),
    notFrom(
      'broker',
      '(bitrix24|ledger|portals|drain|outcomes|maintenance|monitoring|database|events|dashboard|cli|bridge)',
      'the broker knows no other room',
    ),
    notFrom(
      'ledger',
      '(bitrix24|broker|portals|drain|outcomes|maintenance|monitoring|contract|events|dashboard|cli|bridge)',
      'the ledger knows only the database',
    ),
    notFrom(
      'database',
      '(bitrix24|broker|ledger|portals|drain|outcomes|maintenance|monitoring|contract|events|dashboard|cli|bridge)',
      'the database is at the bottom',
    ),
    notFrom(
      'portals',
      '(broker|ledger|drain|outcomes|maintenance|monitoring|events|dashboard|cli|bridge)',
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
      'audit',
      '(bitrix24|broker|contract|ledger|portals|drain|outcomes|replicas|maintenance|monitoring|events|dashboard|api|cli|bridge)',
      'every room may write down who did what',
    ),
    notFrom(
      'events',
      '(broker|drain|outcomes|maintenance|monitoring|dashboard|cli|bridge)',
      'what people see and do of events: the contract, the ledger and the portals, nothing that runs',
    ),
    notFrom(
      'state',
      '(broker|drain|outcomes|maintenance|monitoring|tracing|audit|events|replicas|dashboard|api|cli|bridge)',
      'what reads objects knows neither who drains nor who looks at it',
    ),
    notFrom(
      '(bitrix24|broker|contract|database|ledger|portals|config|drain|outcomes|replicas)',
      'state',
      'whoever needs states says so in its own words, and the bridge puts the two together',
    ),
    notFrom(
      'replicas',
      '(bitrix24|broker|drain|outcomes|maintenance|monitoring|events|dashboard|cli|bridge)',
      'who owns a portal is decided without knowing what its owner does',
    ),
    notFrom(
      'logging',
      '(bitrix24|broker|contract|ledger|portals|drain|outcomes|replicas|maintenance|monitoring|events|dashboard|cli|bridge)',
      'every room writes log lines',
    ),
    notFrom(
      'http',
      '(ledger|portals|drain|outcomes|replicas|maintenance|events|dashboard|cli|bridge)',
      'what the HTTP port bounds does not depend on who answers behind it',
    ),
    notFrom(
      '(drain|outcomes|maintenance|monitoring|replicas|portals|ledger|broker|bitrix24|contract|database)',
      'bridge',
      'the rooms do not know who puts them together',
    ),
    {
      name: 'drain-points-down',
      severity: 'error',
      comment: 'a round is planned and applied without I/O; pacing and publishing know no loop',
      from: { path: '^src/drain/(round|pacing|publishing)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^src/drain/loop/' },
    },
    {
      name: 'nothing-loose-at-the-root',
      severity: 'error',
      comment: 'main, app.module and index stand at the root of src, everything else in a room',
      from: {},
      to: { path: '^src/[^/]+$', pathNot: '^src/(main|app\\.module|index)\\.ts$' },
    },
    notFrom(
      '(drain|outcomes|maintenance|monitoring|cli)',
      'dashboard',
      'the dashboard looks at the rooms, and no room at it',
    ),
    notFrom(
      '(audit|events|database|drain|outcomes|maintenance|monitoring|portals|replicas|cli|bridge|dashboard)',
      'api',
      'the API looks at the rooms, and no room at it',
    ),
    notFrom('api', '(dashboard|cli)', 'what the API and the dashboard share stands in a room below both'),
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
