/**
 * Who may import whom. Every source file belongs to the first zone whose pattern matches its path (from the root,
 * without extension), and may import only what that zone lists. docs/architecture.md shows the same as a picture.
 */
export interface Zone {
  name: string
  files: RegExp
  /** Zones whose values and types this zone may import. */
  values: readonly string[]
  /** Zones of which this zone may import types only. */
  types?: readonly string[]
  /**
   * No packages or modules of Node, no clock, no random numbers, no awaiting: the same inputs give the same result.
   */
  pure?: true
  /** The packages that a pure zone may import all the same. */
  packages?: RegExp
  /** Files that must not import one another. Each is a page; what two pages share belongs beside them. */
  apart?: true
  /** The reason, for the reader of a message. */
  because: string
}

const inServer = ['core', 'contract', 'lib', 'db', 'store', 'webhook', 'worker', 'session', 'api', 'gateway', 'wiring']
const inApp = ['ui', 'app', 'client', 'routes', 'mounts']

export const zones: readonly Zone[] = [
  {
    name: 'tests',
    files: /\.(test|spec)$|^(tests|e2e)\//,
    values: [
      'tests',
      'testing',
      'bench',
      ...inApp,
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
    name: 'testing',
    files: /^testing\//,
    values: ['testing', 'agent', 'scripts', 'config', ...inServer],
    because: 'what tests share starts and drives the other parts, and needs none of the tests',
  },
  {
    name: 'contract',
    files: /^core\/contract\//,
    values: ['contract', 'core'],
    pure: true,
    packages: /^zod(\/mini)?$/,
    because:
      'inputs and answers are written once, for REST, tRPC, forms and agents, and need nothing of those who use them',
  },
  {
    name: 'core',
    files: /^core\//,
    values: ['core'],
    pure: true,
    because: 'browser, server and agent share the core: it imports nothing of them',
  },
  {
    name: 'lib',
    files: /^server\/lib\//,
    values: ['lib', 'core', 'contract'],
    because: 'modules such as env, log and clock are leaves that all of the server may use',
  },
  {
    name: 'db',
    files: /^server\/db\//,
    values: ['db', 'lib', 'core', 'contract'],
    because: 'the database’s client knows none of the tables',
  },
  {
    name: 'store',
    files: /^server\/store\//,
    values: ['store', 'db', 'lib', 'core', 'contract'],
    because: 'the store is the only user of the tables and knows nothing of who uses it',
  },
  {
    name: 'webhook',
    files: /^server\/webhook\//,
    values: ['webhook', 'lib', 'core', 'contract'],
    because: 'sending a webhook needs no database',
  },
  {
    name: 'worker',
    files: /^server\/worker\//,
    values: ['worker', 'core', 'contract', 'store', 'db', 'webhook', 'lib'],
    because: 'the worker decides with the core and acts through the store',
  },
  {
    name: 'session',
    files: /^server\/session$/,
    values: ['session', 'api', 'core', 'contract', 'lib', 'wiring'],
    because: 'pages on the server ask it who is signed in; it takes the services from the wiring, as the mounts do',
  },
  {
    name: 'api',
    files: /^server\/api\//,
    values: ['api', 'core', 'contract', 'store', 'db', 'webhook', 'lib'],
    because: 'the API writes what is desired and shows what would be decided; acting is the worker’s',
  },
  {
    name: 'gateway',
    files: /^server\/gateway\//,
    values: ['gateway', 'core', 'contract', 'lib'],
    because: 'the gateway stands before the pages and the API, and knows nothing of either',
  },
  {
    name: 'wiring',
    files: /^server\/wiring$/,
    values: inServer,
    because: 'the wiring puts the parts of the server together',
  },
  {
    name: 'mounts',
    files: /^app\/api\//,
    values: ['core', 'contract', 'api', 'session', 'wiring', 'lib'],
    apart: true,
    because: 'mounts hang the API into the web server, and do nothing else',
  },
  {
    name: 'ui',
    files: /^app\/ui\//,
    values: ['ui', 'core', 'contract'],
    because: 'what every page is made of knows none of the features',
  },
  {
    name: 'app',
    files: /^app\/(features|shell|trpc)\//,
    values: ['app', 'client', 'ui', 'core', 'contract', 'session'],
    types: ['api'],
    because: 'pages talk to the server through its API, of which they know the types only',
  },
  {
    name: 'routes',
    files: /^(app\/|proxy$)/,
    values: ['app', 'client', 'ui', 'core', 'contract', 'session'],
    types: ['api'],
    apart: true,
    because: 'a route puts features on a page, and no route needs another',
  },
  {
    // Features with 'use client', which check.ts recognizes.
    name: 'client',
    files: /^$/,
    values: ['app', 'client', 'ui', 'core', 'contract'],
    types: ['api'],
    because: 'this file runs in the browser',
  },
  {
    name: 'agent',
    files: /^agent\//,
    values: ['agent', 'core', 'contract'],
    types: ['api'],
    because: 'the agent runs on other machines and talks to the server through its API only',
  },
  {
    name: 'instrumentation',
    files: /^instrumentation(-\w+)?$/,
    values: ['instrumentation', 'wiring', 'lib'],
    because: 'it starts and stops the server’s services, which the wiring makes',
  },
  {
    name: 'tools',
    files: /^scripts\/(make-migration|screenshots)$/,
    values: ['scripts', 'testing', 'config', ...inServer],
    because: 'developers’ tools work on a scratch database or product, which tests know how to make',
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
    values: ['bench', 'testing', 'agent', 'scripts', 'config', ...inServer],
    because: 'benchmarks measure the server, the agent and, in the browser of the tests, the pages',
  },
  {
    name: 'config',
    files: /^[^/]+$/,
    values: ['config'],
    because: 'settings of tools stand alone',
  },
]

/** Packages that only some zones may import. */
export const keptPackages: readonly { packages: RegExp; zones: readonly string[]; because: string }[] = [
  {
    packages: /^(pg($|\/|-)|@prisma\/)/,
    zones: ['db', 'store', 'testing', 'tests'],
    because: 'server/db and server/store are the only users of Prisma and SQL',
  },
]

/** Rooms with a door: only the room itself and tests may import its files in another way. */
export const doors: readonly { room: RegExp; door: string }[] = [
  { room: /^core\/fleet-index\//, door: 'core/fleet-index' },
  { room: /^core\/journal\//, door: 'core/journal' },
  { room: /^app\/trpc\//, door: 'app/trpc' },
]

/**
 * Files (without extension) that may compute the target of an import. Everywhere else the target must be a literal.
 */
export const computedImports: readonly RegExp[] = [
  // The PostgreSQL programs are in a package with the platform in its name.
  /^server\/db\/embedded\/program$/,
  /^(tests|testing|e2e|scripts)\//,
  /\.(test|spec)$/,
]

/** Generated code, dependencies and build results are not checked. */
export const notScanned: readonly RegExp[] = [
  /(^|\/)node_modules$/,
  /(^|\/)\.[^/]+$/,
  /^server\/db\/generated$/,
  /^(coverage|test-results|playwright-report|public)$/,
  /\.d\.ts$/,
]

/**
 * The room of a file, which is the folder where a reader looks for it. Neither rooms nor files may depend on one
 * another in a cycle. Null for what may import everything: tests and their helpers, benchmarks, scripts and settings.
 */
export function roomOf(file: string): string | null {
  if (/\.(test|spec)\.[cm]?[jt]sx?$/.test(file)) return null
  const folders = file.split('/').slice(0, -1)
  const [top = '', second = ''] = folders
  if (!['core', 'server', 'agent', 'app'].includes(top)) return null
  const isNested =
    (top === 'server' && ['db', 'store', 'api'].includes(second)) || (top === 'app' && /^(features|ui)$/.test(second))
  return folders.slice(0, isNested ? 3 : 2).join('/')
}
