/**
 * Mechanisms to break on purpose: a change of the source, made in a copy of the tree, or of the database of the run.
 * A patch that does not fit any more fails the run: it would break nothing.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testFolder } from '../postgres'
import type { Database } from './database'

interface Patch {
  file: string
  find: string
  replace: string
}

export interface Break {
  /** What no longer works. */
  what: string
  patches?: Patch[]
  sql?: string
}

export const breaks: Record<string, Break> = {
  fence: {
    what: 'commits are not fenced: a scheduler whose reign is over goes on writing',
    patches: [
      {
        file: 'server/store/leadership.ts',
        find: 'if (rowCount !== 1) throw new StaleLeaderError(epoch)',
        replace: 'void rowCount',
      },
    ],
  },
  lease: {
    what: 'leases never run out: what a dead scheduler had begun is begun by nobody else',
    patches: [
      {
        file: 'server/store/evaluations.ts',
        find: `(status = 'leased' and (lease_expires_at < now() or coalesce(lease_epoch, 0) < $4))`,
        replace: `(status = 'leased' and $4::bigint < 0)`,
      },
    ],
  },
  constraint: {
    what: 'the database lets nodes be over-reserved',
    sql: 'alter table nodes drop constraint nodes_reserved_cpu_check, drop constraint nodes_reserved_memory_check',
  },
}

const project = join(import.meta.dirname, '..', '..')
const copied = ['agent', 'app', 'prisma', 'scripts', 'server', '.next']
const copiedFiles = ['tsconfig.json', 'package.json', 'package-lock.json', 'next.config.js', 'postcss.config.mjs']
const copiedEntries = ['instrumentation.ts', 'instrumentation-node.ts', 'prisma.config.ts', 'next-env.d.ts']

/** @returns the folder to run from, with built pages: the project itself when nothing of the source is broken. */
export function brokenTree(names: string[], say: (text: string) => void): string {
  buildPages(project)
  for (const name of names) say(`Broken on purpose: ${breaks[name]?.what}`)
  const patches = names.flatMap((name) => breaks[name]?.patches ?? [])
  if (patches.length === 0) return project
  const tree = join(testFolder, 'chaos-broken')
  rmSync(tree, { recursive: true, force: true })
  mkdirSync(tree, { recursive: true })
  for (const path of [...copied, ...copiedFiles, ...copiedEntries])
    cpSync(join(project, path), join(tree, path), { recursive: true })
  // Links to each file: the bundler accepts no folder that is a link out of the tree.
  execFileSync('cp', ['-al', join(project, 'node_modules'), join(tree, 'node_modules')])
  for (const patch of patches) apply(tree, patch)
  buildPages(tree)
  return tree
}

/** Does nothing when they are made from the same source already. */
const buildPages = (tree: string): void => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--quiet'], {
    cwd: tree,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

function apply(tree: string, { file, find, replace }: Patch): void {
  const path = join(tree, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(find).length !== 2) throw new Error(`A break does not fit: ${file} has not once: ${find}`)
  writeFileSync(
    path,
    text.replace(find, () => replace),
  )
}

export async function breakDatabase(names: string[], database: Database): Promise<void> {
  for (const name of names) {
    const sql = breaks[name]?.sql
    if (sql) await database.query(sql)
  }
}
