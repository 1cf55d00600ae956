/** The check of who imports whom can fail: for each boundary there is a file here that breaks it. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checkSource, checkTree } from '@/scripts/boundaries/check'

const root = resolve(import.meta.dirname, '../..')

const rulesBroken = (file: string, text: string): string[] =>
  checkSource(file, text).violations.map((violation) => violation.rule)

/** A place in each part of the project, and a module of it to import. */
const places = {
  domain: ['server/domain/thing.ts', '@/core/deployments/status'],
  scheduler: ['server/scheduler/thing.ts', '@/core/scheduler/place'],
  reconciler: ['server/reconciler/thing.ts', '@/core/plan/reconcile'],
  deciding: ['server/deciding/thing.ts', '@/core/plan/evaluate'],
  store: ['server/store/thing.ts', '@/server/db/client'],
  worker: ['server/worker/thing.ts', '@/server/worker/evaluate'],
  api: ['server/api/thing.ts', '@/server/api/root'],
  leaf: ['server/lib/clock.ts', '@/server/lib/log'],
  wiring: ['server/wiring.ts', '@/server/wiring'],
  mount: ['app/api/trpc/route.ts', '@/app/api/trpc/route'],
  app: ['app/nodes/page.tsx', '@/app/ui/button'],
  agent: ['agent/thing.ts', '@/agent/transport/client'],
  e2e: ['e2e/deploy.ts', '@/e2e/people'],
  tests: ['tests/thing.ts', '@/testing/builders'],
} as const
type Place = keyof typeof places

/** The design's "who may import whom", for values; everything not in it must be refused. Tests may import all. */
const allowed: Partial<Record<Place, readonly Place[]>> = {
  domain: ['domain'],
  scheduler: ['scheduler', 'domain'],
  reconciler: ['reconciler', 'domain'],
  deciding: ['deciding', 'domain', 'scheduler', 'reconciler'],
  store: ['store', 'domain', 'leaf'],
  worker: ['worker', 'domain', 'scheduler', 'reconciler', 'deciding', 'store', 'leaf'],
  api: ['api', 'domain', 'scheduler', 'deciding', 'store', 'leaf'],
  leaf: ['leaf', 'domain'],
  wiring: ['wiring', 'domain', 'scheduler', 'reconciler', 'deciding', 'store', 'worker', 'api', 'leaf'],
  mount: ['mount', 'domain', 'api', 'wiring', 'leaf'],
  app: ['app', 'domain'],
  agent: ['agent', 'domain'],
}

/** Of these, types only. */
const typesOnly: Partial<Record<Place, readonly Place[]>> = { app: ['api'], agent: ['api'], deciding: ['store'] }

const pairs = (Object.keys(allowed) as Place[]).flatMap((from) =>
  (Object.keys(places) as Place[]).map((to) => ({ from, to, file: places[from][0], module: places[to][1] })),
)

describe('values', () => {
  it.each(pairs.filter(({ from, to }) => !allowed[from]?.includes(to)))('of $to may not be used in $from', (pair) => {
    expect(rulesBroken(pair.file, `import { a } from '${pair.module}'`)).toHaveLength(1)
  })

  it.each(pairs.filter(({ from, to }) => allowed[from]?.includes(to)))('of $to may be used in $from', (pair) => {
    expect(rulesBroken(pair.file, `import { a } from '${pair.module}'`)).toEqual([])
  })
})

describe('types', () => {
  const known = (from: Place, to: Place): boolean =>
    (allowed[from]?.includes(to) ?? false) || (typesOnly[from]?.includes(to) ?? false)

  it.each(pairs.filter(({ from, to }) => !known(from, to)))('of $to may not be used in $from either', (pair) => {
    expect(rulesBroken(pair.file, `import type { A } from '${pair.module}'`)).toHaveLength(1)
  })

  it.each(pairs.filter(({ from, to }) => typesOnly[from]?.includes(to)))(
    'of $to may be used in $from where values may not',
    (pair) => {
      expect(rulesBroken(pair.file, `import type { A } from '${pair.module}'`)).toEqual([])
      expect(rulesBroken(pair.file, `type A = import('${pair.module}').A`)).toEqual([])
      expect(rulesBroken(pair.file, `export type { A } from '${pair.module}'`)).toEqual([])
      // It stays behind as an import for its effects.
      expect(rulesBroken(pair.file, `import { type A } from '${pair.module}'`)).toHaveLength(1)
      // Once for the import; a part that is pure may not wait either.
      expect(rulesBroken(pair.file, `const a = await import('${pair.module}')`)).not.toEqual([])
    },
  )
})

describe('the session', () => {
  const text = "import { currentUser } from '@/server/session'"

  it('may be asked by pages on the server, not by what runs in the browser', () => {
    expect(rulesBroken('app/nodes/page.tsx', text)).toEqual([])
    expect(rulesBroken('app/nodes/table.tsx', `'use client'\n${text}`)).toHaveLength(1)
    expect(rulesBroken('app/nodes/page.tsx', "import { signIn } from '@/server/api/context/auth'")).toHaveLength(1)
  })

  it('takes the services from the wiring, which the rest of the API may not', () => {
    expect(rulesBroken('server/session.ts', "import { getServices } from '@/tests/wiring'")).toEqual([])
    expect(rulesBroken('server/api/context/auth.ts', "import { getServices } from '@/tests/wiring'")).toHaveLength(1)
  })
})

describe('packages', () => {
  it.each(['pg', 'pg/lib/client', 'pg-cursor', '@prisma/client', '@prisma/adapter-pg'])(
    '%s belongs to the store',
    (name) => {
      const text = `import x from '${name}'`
      expect(rulesBroken('server/db/client.ts', text)).toEqual([])
      expect(rulesBroken('testing/database.ts', text)).toEqual([])
      for (const place of ['worker', 'api', 'leaf', 'wiring', 'mount', 'app', 'agent'] as const) {
        expect(rulesBroken(places[place][0], text), place).toHaveLength(1)
        expect(rulesBroken(places[place][0], `import type x from '${name}'`), place).toHaveLength(1)
      }
      expect(rulesBroken('scripts/token.ts', text)).toHaveLength(1)
    },
  )

  it('are no part of the pure folders, and neither are the modules of Node', () => {
    for (const place of ['domain', 'scheduler', 'reconciler'] as const) {
      for (const name of ['zod', 'node:fs', 'fs', 'pg']) {
        expect(rulesBroken(places[place][0], `import x from '${name}'`), `${place} ${name}`).toHaveLength(1)
      }
    }
    expect(rulesBroken('server/api/thing.ts', "import { z } from 'zod'\nimport pgn from 'pgn-parser'")).toEqual([])
  })
})

describe('purity', () => {
  it.each([
    'const now = Date.now()',
    'const now = new Date()',
    'const die = Math.random()',
    'const home = process.env',
    'const answer = fetch("/")',
    'const wait = async () => 1',
    'export async function wait() {}',
    'await Promise.resolve()',
    'setTimeout(() => 1, 5)',
    'const order = "a".localeCompare("b")',
    'const id = crypto.randomUUID()',
  ])('refuses %s', (text) => {
    for (const place of ['domain', 'scheduler', 'reconciler'] as const) {
      expect(rulesBroken(places[place][0], text), place).not.toEqual([])
    }
    expect(rulesBroken('server/worker/loop.ts', text)).toEqual([])
  })

  it('lets a time through that came in as an argument', () => {
    const text = 'export const day = (iso: string) => new Date(iso).getUTCDay()'
    expect(rulesBroken('server/domain/thing.ts', text)).toEqual([])
  })
})

describe('every way to import', () => {
  it.each([
    "import '@/tests/store/context'",
    "import { a } from '@/tests/store/context'",
    "import * as a from '@/server/db/client'",
    "import {\n  type A,\n  b,\n} from '@/tests/store/context'",
    "export { a } from '@/tests/store/context'",
    "export * from '@/tests/store/context'",
    "const a = import('@/tests/store/context')",
    'const a = import(`../store/context`)',
    "const a = require('../store/context')",
    "import a = require('../store/context')",
    "type A = import('@/tests/store/context').A",
    "type A = typeof import('@/tests/store/context')",
    "import { a } from '@/tests/store/context'",
    "import { a } from '@/tests/store'",
    "import { a } from '@/server/store'",
    "import { a } from '@/server/db/client.ts'",
  ])('is seen: %s', (text) => {
    expect(rulesBroken('server/scheduler/thing.ts', text)).toHaveLength(1)
  })

  it('is told from comments, texts and markup', () => {
    const text = [
      "// import { a } from '@/tests/server/store/context'",
      'const example = `import { a } from "@/server/db/client"`',
      "export const Page = () => <p title=\"import a from '@/server/db/client'\">Don't import '@/server/store'</p>",
    ].join('\n')
    expect(checkSource('app/page.tsx', text)).toEqual({ imports: 0, violations: [] })
  })

  it('is refused where nobody can tell what it imports', () => {
    expect(rulesBroken('server/api/thing.ts', 'const a = import(name)')).toEqual(['nobody can tell what it imports'])
    expect(rulesBroken('tests/thing.ts', 'const a = import(name)')).toEqual([])
  })

  it('is refused out of the project and into folders that no zone knows', () => {
    expect(rulesBroken('server/api/thing.ts', "import a from '../../../other/thing'")).toEqual([
      'it lies outside the project',
    ])
    expect(rulesBroken('server/api/thing.ts', "import a from '@/attic/thing'")[0]).toMatch(
      /^attic\/thing belongs to no zone/,
    )
    expect(rulesBroken('attic/thing.ts', 'export const a = 1')[0]).toMatch(/^the file belongs to no zone/)
  })

  it('is not passed over in a file that cannot be parsed', () => {
    expect(rulesBroken('server/api/thing.ts', 'import { from oops')[0]).toMatch(/cannot be parsed/)
  })
})

describe('the program', () => {
  const folders: string[] = []
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true })
  })

  function treeOf(files: Record<string, string>): string {
    const folder = mkdtempSync(join(tmpdir(), 'fogdeck-boundaries-'))
    folders.push(folder)
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    return folder
  }

  function run(...args: string[]): { code: number | null; output: string } {
    const command = ['--import', 'tsx', join(root, 'scripts/boundaries.ts'), ...args]
    const { status, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' })
    return { code: status, output: stderr }
  }

  const good = "import { place } from '@/tests/scheduler/place'\n\nexport const a = place\n"
  const bad =
    "// A worker may not know the API.\nimport { appRouter } from '@/server/api/root'\n\nexport const b = appRouter\n"

  it('ends with 1 and names file, line, import and rule', () => {
    const tree = treeOf({ 'server/worker/good.ts': good, 'server/worker/bad.ts': bad })
    const { code, output } = run('--root', tree, '--min-files', '1')
    expect(code).toBe(1)
    expect(output).toContain("server/worker/bad.ts:2  import '@/server/api/root'\n    worker may not import api, only")
    expect(output).not.toContain('good.ts')
  })

  it('ends with 0 when all is well, and with 1 when it saw next to nothing', () => {
    const made = { 'node_modules/x/bad.ts': bad, 'server/db/generated/bad.ts': bad }
    const tree = treeOf({ 'server/worker/good.ts': good, ...made })
    expect(run('--root', tree, '--min-files', '1')).toEqual({
      code: 0,
      output: 'Boundaries hold: 1 files, 1 imports.\n',
    })
    const { code, output } = run('--root', tree)
    expect(code).toBe(1)
    expect(output).toContain('Only 1 source files found')
  })
})

describe('this project', () => {
  it('keeps its boundaries, in more than 100 files with more than 300 imports', () => {
    const { files, imports, violations } = checkTree(root)
    expect(violations).toEqual([])
    expect(files).toBeGreaterThan(100)
    expect(imports).toBeGreaterThan(300)
  })
})
