/**
 * The arrows between folders (docs/architecture.md). A folder may import what is listed for it and
 * nothing else of ours; packages are restricted where the architecture depends on it.
 */
const allowed = {
  pool: [],
  workflows: ['pool', 'activities'],
  activities: ['pool', 'kubernetes', 'tracing'],
  kubernetes: ['pool'],
  client: ['pool', 'workflows', 'codec'],
  codec: ['workflows'],
  apply: ['pool', 'kubernetes', 'client'],
  claims: ['kubernetes', 'pool', 'tracing'],
  api: [
    'apply',
    'claims',
    'client',
    'codec',
    'configuration',
    'kubernetes',
    'metrics',
    'pool',
    'tracing',
  ],
  configuration: ['workflows'],
  metrics: ['claims', 'kubernetes'],
  tracing: [],
};

const folderRules = Object.entries(allowed).map(([folder, others]) => ({
  name: `src-${folder}-imports`,
  comment: `src/${folder} may import only itself${others.map((o) => `, src/${o}`).join('')}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^(src|dev|bench|test)/', pathNot: `^src/(${[folder, ...others].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...folderRules,
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'product-does-not-need-its-workshop',
      comment: 'src runs without dev, bench and test',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(dev|bench|test)/' },
    },
    {
      name: 'the-core-is-pure',
      comment: 'src/pool imports neither packages nor node builtins',
      severity: 'error',
      from: { path: '^src/pool/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'] },
    },
    {
      name: 'workflows-are-sandboxed',
      comment: 'the import graph of a workflow is bundled: only Temporal workflow and common',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'core'],
        pathNot: 'node_modules/@temporalio/(workflow|common)/',
      },
    },
    {
      name: 'workflows-see-types-of-activities-only',
      severity: 'error',
      from: { path: '^src/workflows/' },
      to: { path: '^src/activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'client-sees-messages-only',
      severity: 'error',
      from: { path: '^src/client/' },
      to: { path: '^src/workflows/', pathNot: '^src/workflows/messages\\.ts$' },
    },
    {
      name: 'one-door-to-kubernetes',
      comment: 'only src/kubernetes speaks to a cluster; others see its types',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/kubernetes/' },
      to: { path: 'node_modules/(@kubernetes|undici)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'the-typed-client-is-loaded-when-wanted',
      comment: 'only its two doors load the Kubernetes client library (docs/adr/0041)',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/kubernetes/(typed-client|library-login)\\.ts$' },
      to: { path: 'node_modules/@kubernetes/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'the-doors-to-the-typed-client-are-opened-when-wanted',
      comment: 'what worker and API always do loads neither of them',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: '^src/kubernetes/(typed-client|library-login)\\.ts$',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'one-door-to-traces',
      comment:
        'only src/tracing/otlp-tracing.ts records spans; the client sends on what its program has',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(tracing/otlp-tracing|client/trace-headers)\\.ts$' },
      to: { path: 'node_modules/@opentelemetry/' },
    },
    {
      name: 'traces-are-loaded-when-wanted',
      comment: 'a process that is not told to trace does not load the library',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        path: '^src/tracing/otlp-tracing\\.ts$',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'the-client-loads-traces-when-wanted',
      comment: 'a program that does not trace loads nothing for it',
      severity: 'error',
      from: { path: '^src/client/' },
      to: { path: 'node_modules/@opentelemetry/', dynamic: false },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
