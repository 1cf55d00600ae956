/** The parts of the product and their imports, read from the source. */
import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { checkSource, sourceFiles } from '../boundaries/check'

interface Part {
  name: string
  /** One line for a newcomer. */
  what: string
  files: RegExp
  /** The position of the box: the row, and the first and last of 24 columns. */
  at: { row: number; from: number; to: number }
}

/** An importing part is above what it imports. */
export const parts: readonly Part[] = [
  {
    name: 'app: routes',
    what: 'pages and mounts of Next.js',
    files: /^app\/(?!features|shell|ui|trpc)/,
    at: { row: 0, from: 0, to: 9 },
  },
  { name: 'app/shell', what: 'frame of all pages', files: /^app\/shell\//, at: { row: 1, from: 0, to: 9 } },
  { name: 'app/features', what: 'what pages show and do', files: /^app\/features\//, at: { row: 2, from: 0, to: 9 } },
  { name: 'app/trpc', what: 'the pages’ way to the API', files: /^app\/trpc\//, at: { row: 3, from: 5, to: 9 } },
  { name: 'app/ui', what: 'tables, forms, dialogs, statuses', files: /^app\/ui\//, at: { row: 3, from: 0, to: 4 } },
  { name: 'server/gateway', what: 'owns the port', files: /^server\/gateway\//, at: { row: 6, from: 5, to: 10 } },
  {
    name: 'server: wiring',
    what: 'puts the services together',
    files: /^server\/(wiring|session)\./,
    at: { row: 3, from: 10, to: 14 },
  },
  {
    name: 'server/api',
    what: 'REST and tRPC, for pages, programs, agents',
    files: /^server\/api\//,
    at: { row: 4, from: 6, to: 13 },
  },
  {
    name: 'server/worker',
    what: 'the scheduler’s process',
    files: /^server\/worker\//,
    at: { row: 4, from: 14, to: 19 },
  },
  {
    name: 'server/store',
    what: 'every statement on the tables',
    files: /^server\/store\//,
    at: { row: 5, from: 6, to: 14 },
  },
  {
    name: 'server/webhook',
    what: 'sends notifications',
    files: /^server\/webhook\//,
    at: { row: 5, from: 15, to: 20 },
  },
  {
    name: 'server/db',
    what: 'client, migrations, embedded PostgreSQL',
    files: /^server\/db\//,
    at: { row: 6, from: 11, to: 15 },
  },
  {
    name: 'server/lib',
    what: 'settings, log, clock, secrets',
    files: /^server\/lib\//,
    at: { row: 7, from: 5, to: 20 },
  },
  { name: 'agent', what: 'runs on each node', files: /^agent\//, at: { row: 3, from: 20, to: 24 } },
  { name: 'core', what: 'pure: decides, explains, replays', files: /^core\//, at: { row: 8, from: 0, to: 24 } },
]

interface Room {
  name: string
  files: number
}

export interface Box extends Omit<Part, 'files'> {
  rooms: Room[]
  files: number
}

export interface Arrow {
  from: string
  to: string
  /** All these imports are of types only. */
  typesOnly: boolean
}

export interface Architecture {
  boxes: Box[]
  arrows: Arrow[]
}

const isTest = (file: string): boolean => /\.(test|spec)\.tsx?$/.test(file)
const bare = (path: string): string => path.replace(/\.[cm]?[jt]sx?$/, '')

/** @throws when a file of the product belongs to no part. */
export function readArchitecture(root: string): Architecture {
  const files = sourceFiles(root).filter((file) => /^(core|server|agent|app)\//.test(file) && !isTest(file))
  const known = new Map(files.flatMap((file) => [[bare(file), file] as const, [posix.dirname(file), file] as const]))
  const arrows = new Map<string, Arrow>()
  for (const file of files) {
    const from = partOf(file).name
    for (const { path, typeOnly } of checkSource(file, readFileSync(join(root, file), 'utf8')).paths) {
      const target = known.get(bare(path)) ?? known.get(path)
      if (target === undefined) continue
      const to = partOf(target).name
      if (to === from) continue
      const arrow = arrows.get(`${from} > ${to}`) ?? { from, to, typesOnly: true }
      arrows.set(`${from} > ${to}`, { ...arrow, typesOnly: arrow.typesOnly && typeOnly })
    }
  }
  return { boxes: parts.map((part) => boxOf(part, files)), arrows: [...arrows.values()] }
}

function partOf(file: string): Part {
  const part = parts.find(({ files }) => files.test(file))
  if (!part) throw new Error(`${file} belongs to no part of the picture: name one in scripts/architecture/graph.ts`)
  return part
}

function boxOf(part: Part, files: readonly string[]): Box {
  const own = files.filter((file) => part.files.test(file))
  const depth = part.name.includes(':') ? 1 : part.name.split('/').length
  const rooms = new Map<string, number>()
  for (const file of own) {
    const folders = file.split('/').slice(0, -1)
    const room = folders[depth] ?? ''
    rooms.set(room, (rooms.get(room) ?? 0) + 1)
  }
  const named = [...rooms].filter(([name]) => name !== '' && !part.name.includes(':'))
  return {
    ...part,
    files: own.length,
    rooms: named.map(([name, count]) => ({ name, files: count })).sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}
