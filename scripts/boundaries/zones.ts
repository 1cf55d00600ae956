/**
 * Who may import whom (the design's section 5). Every source file belongs to the first zone whose pattern fits its path
 * (from the root, without extension); what a zone does not list, its files may not import.
 */

export interface Zone {
  name: string
  files: RegExp
  /** Zones whose values it may import; their types, too. */
  values: readonly string[]
  /** Zones of which it may import types only. */
  types?: readonly string[]
  /** Neither packages nor Node's own modules, no clock, no chance, no waiting: the same inputs, the same answer. */
  pure?: true
  /** Why, for the reader of a message. */
  because: string
}

const inServer = [
  'domain',
  'leaf',
  'scheduler',
  'reconciler',
  'deciding',
  'store',
  'worker',
  'session',
  'api',
  'gateway',
  'wiring',
]

export const zones: readonly Zone[] = [
  {
    name: 'tests',
    files: /\.(test|spec)$|^(tests|e2e)\//,
    values: [
      'tests',
      'bench',
      'app',
      'client',
      'mounts',
      'agent',
      'instrumentation',
      'scripts',
      'tools',
      'config',
      ...inServer,
    ],
    because: 'tests may import everything',
  },
  {
    name: 'domain',
    files: /^server\/domain\//,
    values: ['domain'],
    pure: true,
    because: 'the domain is words and rules that everything else leans on: it leans on nothing',
  },
  {
    name: 'scheduler',
    files: /^server\/scheduler\//,
    values: ['scheduler', 'domain'],
    pure: true,
    because: 'the scheduler is pure: real runs, previews and replay share it',
  },
  {
    name: 'reconciler',
    files: /^server\/reconciler\//,
    values: ['reconciler', 'domain'],
    pure: true,
    because: 'the reconciler is pure: wanted and observed in, actions out',
  },
  {
    name: 'deciding',
    files: /^server\/deciding\//,
    values: ['deciding', 'domain', 'scheduler', 'reconciler'],
    types: ['store'],
    pure: true,
    because: 'what is decided of rows that were read is pure: the worker commits it, drills show it',
  },
  {
    name: 'store',
    files: /^server\/store\//,
    values: ['store', 'domain', 'leaf'],
    because: 'the store is the only user of the database and knows nothing of who uses it',
  },
  {
    name: 'worker',
    files: /^server\/worker\//,
    values: ['worker', 'domain', 'scheduler', 'reconciler', 'deciding', 'store', 'leaf'],
    because: 'the worker decides with the pure parts and acts through the store',
  },
  {
    name: 'session',
    files: /^server\/api\/session$/,
    values: ['session', 'api', 'domain', 'leaf', 'wiring'],
    because: 'pages on the server ask it who is signed in; it takes the services from the wiring, as the mounts do',
  },
  {
    name: 'api',
    files: /^server\/api\//,
    values: ['api', 'domain', 'scheduler', 'deciding', 'store', 'leaf'],
    because: 'the API writes what is wanted and shows what would be decided; acting is the worker’s',
  },
  {
    name: 'gateway',
    files: /^server\/gateway\//,
    values: ['gateway', 'domain', 'leaf'],
    because: 'the gateway stands before the pages and the API, and knows nothing of either',
  },
  {
    name: 'wiring',
    files: /^server\/wiring$/,
    values: inServer,
    because: 'the wiring puts the parts of the server together',
  },
  {
    name: 'leaf',
    files: /^server\/[^/]+$/,
    values: ['leaf', 'domain'],
    because: 'modules such as env, log and clock are leaves that all of the server may use',
  },
  {
    name: 'mounts',
    files: /^app\/api\//,
    values: ['mounts', 'domain', 'api', 'session', 'wiring', 'leaf'],
    because: 'mounts hang the API into the web server, and do nothing else',
  },
  {
    name: 'app',
    files: /^(app\/|proxy$)/,
    values: ['app', 'client', 'domain', 'session'],
    types: ['api'],
    because: 'pages talk to the server through its API, of which they know the types only',
  },
  {
    // Files of the app with 'use client': check.ts tells them apart.
    name: 'client',
    files: /^$/,
    values: ['app', 'client', 'domain'],
    types: ['api'],
    because: 'this file runs in the browser',
  },
  {
    name: 'agent',
    files: /^agent\//,
    values: ['agent', 'domain'],
    types: ['api'],
    because: 'the agent runs on other machines and talks to the server through its API only',
  },
  {
    name: 'instrumentation',
    files: /^instrumentation(-\w+)?$/,
    values: ['instrumentation', 'wiring', 'leaf'],
    because: 'it starts and stops the server’s services, which the wiring makes',
  },
  {
    name: 'tools',
    files: /^scripts\/(make-migration|screenshots)$/,
    values: ['scripts', 'tests', 'config', ...inServer],
    because: 'developers’ tools: they work on a scratch database or product, which tests know how to make',
  },
  {
    name: 'scripts',
    files: /^scripts\//,
    values: ['scripts', 'agent', 'config', ...inServer],
    because: 'scripts are a few lines over the other parts, and need neither pages nor tests',
  },
  {
    name: 'bench',
    files: /^bench\//,
    values: ['bench', 'tests', 'agent', 'scripts', 'config', ...inServer],
    because: 'benchmarks measure the server, the agent and, in the browser of the tests, the pages',
  },
  {
    name: 'config',
    files: /^[^/]+$/,
    values: ['config'],
    because: 'settings of tools stand alone',
  },
]

/** Packages that belong to some zones only. */
export const keptPackages: readonly { packages: RegExp; zones: readonly string[]; because: string }[] = [
  {
    packages: /^(pg($|\/|-)|@prisma\/)/,
    zones: ['store', 'tests'],
    because: 'server/store is the only user of Prisma and SQL',
  },
]

/** Files (without extension) that import what they find out at run time; elsewhere an import must say what it imports. */
export const computedImports: readonly RegExp[] = [
  // The database's programs are in a package whose name has the platform in it.
  /^server\/store\/postgres-program$/,
  /^(tests|e2e|scripts)\//,
  /\.(test|spec)$/,
]

/** Generated code is made, not written; dependencies and build results are not the project's. */
export const notScanned: readonly RegExp[] = [
  /(^|\/)node_modules$/,
  /(^|\/)\.[^/]+$/,
  /^server\/store\/generated$/,
  /^(coverage|test-results|playwright-report|public)$/,
  /\.d\.ts$/,
]
