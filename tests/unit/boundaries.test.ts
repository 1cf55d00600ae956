/** The import check can fail: for each boundary some file here violates it. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checkSource, checkTree } from '@/scripts/boundaries/check'

const root = resolve(import.meta.dirname, '../..')

const rulesBroken = (file: string, text: string): string[] =>
  checkSource(file, text).violations.map((violation) => violation.rule)

/** A file in each part of the project, and a module of that part to import. */
const places = {
  core: ['core/thing.ts', '@/core/deployments/status'],
  lib: ['server/lib/clock.ts', '@/server/lib/log'],
  db: ['server/db/thing.ts', '@/server/db/client'],
  store: ['server/store/thing.ts', '@/server/store/queue/evaluations'],
  webhook: ['server/webhook/thing.ts', '@/server/webhook/send'],
  worker: ['server/worker/thing.ts', '@/server/worker/evaluate'],
  api: ['server/api/thing.ts', '@/server/api/root'],
  gateway: ['server/gateway/thing.ts', '@/server/gateway/handle'],
  wiring: ['server/wiring.ts', '@/server/wiring'],
  mount: ['app/api/trpc/route.ts', '@/app/api/health/route'],
  ui: ['app/ui/thing.tsx', '@/app/ui/button'],
  feature: ['app/features/thing.tsx', '@/app/features/nodes/columns'],
  route: ['app/nodes/page.tsx', '@/app/drill/page'],
  agent: ['agent/thing.ts', '@/agent/transport/client'],
  testing: ['testing/thing.ts', '@/testing/builders'],
  e2e: ['e2e/deploy.ts', '@/e2e/people'],
  tests: ['tests/thing.ts', '@/tests/history/life'],
} as const
type Place = keyof typeof places

const server = ['core', 'lib', 'db', 'store', 'webhook', 'worker', 'api', 'gateway', 'wiring'] as const

/**
 * Whose values each part may import, as docs/architecture.md shows it. Everything else must be refused. Tests may
 * import anything.
 */
const allowed: Partial<Record<Place, readonly Place[]>> = {
  core: ['core'],
  lib: ['lib', 'core'],
  db: ['db', 'lib', 'core'],
  store: ['store', 'db', 'lib', 'core'],
  webhook: ['webhook', 'lib', 'core'],
  worker: ['worker', 'core', 'store', 'db', 'webhook', 'lib'],
  api: ['api', 'core', 'store', 'db', 'webhook', 'lib'],
  gateway: ['gateway', 'core', 'lib'],
  wiring: server,
  mount: ['core', 'api', 'wiring', 'lib'],
  ui: ['ui', 'core'],
  feature: ['feature', 'ui', 'core'],
  route: ['feature', 'ui', 'core'],
  agent: ['agent', 'core'],
  testing: ['testing', 'agent', ...server],
}

/** Parts of which only types may be imported. */
const typesOnly: Partial<Record<Place, readonly Place[]>> = { feature: ['api'], route: ['api'], agent: ['api'] }

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
      // The statement remains as an import for its side effects.
      expect(rulesBroken(pair.file, `import { type A } from '${pair.module}'`)).toHaveLength(1)
      // One violation for the import; a pure part must not await either.
      expect(rulesBroken(pair.file, `const a = await import('${pair.module}')`)).not.toEqual([])
    },
  )
})

describe('the contract', () => {
  it('is written with zod, which the rest of the core must not import', () => {
    expect(rulesBroken('core/contract/things.ts', "import * as z from 'zod/mini'")).toEqual([])
    expect(rulesBroken('core/contract/things.ts', "import { z } from 'zod'")).toEqual([])
    expect(rulesBroken('core/contract/things.ts', "import pino from 'pino'")).toHaveLength(1)
    expect(rulesBroken('core/plan/things.ts', "import { z } from 'zod'")).toHaveLength(1)
    expect(rulesBroken('core/plan/things.ts', "import { text } from '@/core/contract/text'")).toHaveLength(1)
  })
})

describe('the session', () => {
  const text = "import { currentUser } from '@/server/session'"

  it('may be read by pages on the server, not by code in the browser', () => {
    expect(rulesBroken('app/nodes/page.tsx', text)).toEqual([])
    expect(rulesBroken('app/features/nodes/table.tsx', `'use client'\n${text}`)).toHaveLength(1)
    expect(rulesBroken('app/nodes/page.tsx', "import { signIn } from '@/server/api/context/auth'")).toHaveLength(1)
  })

  it('gets its services from the wiring, which the rest of the API must not import', () => {
    expect(rulesBroken('server/session.ts', "import { getServices } from './wiring'")).toEqual([])
    expect(rulesBroken('server/api/context/auth.ts', "import { getServices } from '@/server/wiring'")).toHaveLength(1)
  })
})

describe('a door', () => {
  it('is the only way into its room, except for the room itself and tests', () => {
    const behind = "import { FleetIndex } from '@/core/fleet-index/fleet-index'"
    expect(rulesBroken('core/plan/thing.ts', behind)).toEqual([
      'it stands behind a door: import it from @/core/fleet-index',
    ])
    expect(rulesBroken('core/plan/thing.ts', "import { rebuild } from '@/core/journal/delta'")).toHaveLength(1)
    expect(rulesBroken('app/features/thing.tsx', "import { useTRPC } from '@/app/trpc/thing'")).toHaveLength(1)
    expect(rulesBroken('core/plan/thing.ts', "import { FleetIndex } from '@/core/fleet-index'")).toEqual([])
    expect(rulesBroken('core/plan/thing.ts', "import { FleetIndex } from '@/core/fleet-index/index'")).toEqual([])
    expect(rulesBroken('core/fleet-index/thing.ts', behind)).toEqual([])
    expect(rulesBroken('core/plan/thing.test.ts', behind)).toEqual([])
  })
})

describe('routes', () => {
  it('import features but no other route, neither a page nor a mount', () => {
    expect(rulesBroken('app/nodes/page.tsx', "import { a } from '@/tests/drill/part'")[0]).toMatch(
      /no route needs another/,
    )
    expect(rulesBroken('app/nodes/page.tsx', "import { a } from './part'")[0]).toMatch(/no route needs another/)
    expect(rulesBroken('app/api/a/route.ts', "import { a } from '@/app/api/b/route'")).toHaveLength(1)
    expect(rulesBroken('app/layout.tsx', "import './globals.css'")).toEqual([])
  })
})

describe('packages', () => {
  it.each(['pg', 'pg/lib/client', 'pg-cursor', '@prisma/client', '@prisma/adapter-pg'])(
    '%s belongs to the database’s client and the store',
    (name) => {
      const text = `import x from '${name}'`
      expect(rulesBroken('server/db/client.ts', text)).toEqual([])
      expect(rulesBroken('testing/database.ts', text)).toEqual([])
      for (const place of ['worker', 'api', 'lib', 'wiring', 'mount', 'ui', 'feature', 'route', 'agent'] as const) {
        expect(rulesBroken(places[place][0], text), place).toHaveLength(1)
        expect(rulesBroken(places[place][0], `import type x from '${name}'`), place).toHaveLength(1)
      }
      expect(rulesBroken('scripts/token.ts', text)).toHaveLength(1)
    },
  )

  it('and the modules of Node are not used in the core', () => {
    for (const name of ['zod', 'node:fs', 'fs', 'pg'])
      expect(rulesBroken('core/thing.ts', `import x from '${name}'`), name).toHaveLength(1)
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
    expect(rulesBroken('core/plan/thing.ts', text)).not.toEqual([])
    expect(rulesBroken('server/worker/loop.ts', text)).toEqual([])
  })

  it('accepts a time that is an argument', () => {
    const text = 'export const day = (iso: string) => new Date(iso).getUTCDay()'
    expect(rulesBroken('core/thing.ts', text)).toEqual([])
  })
})

describe('every way to import', () => {
  it.each([
    "import '@/server/db/client'",
    "import { a } from '@/server/db/client'",
    "import * as a from '@/server/db/client'",
    "import {\n  type A,\n  b,\n} from '@/server/db/client'",
    "export { a } from '@/server/db/client'",
    "export * from '@/server/db/client'",
    "const a = import('@/server/db/client')",
    'const a = import(`../../server/db/client`)',
    "const a = require('../../server/db/client')",
    "import a = require('../../server/db/client')",
    "type A = import('@/server/db/client').A",
    "type A = typeof import('@/server/db/client')",
    "import { a } from '@/server/db/client'",
    "import { a } from '@/server/store'",
    "import { a } from '@/server/store'",
    "import { a } from '@/server/db/client.ts'",
  ])('is detected: %s', (text) => {
    expect(rulesBroken('core/scheduler/thing.ts', text)).toHaveLength(1)
  })

  it('is distinguished from comments, strings and markup', () => {
    const text = [
      "// import { a } from '@/server/db/client'",
      'const example = `import { a } from "@/server/db/client"`',
      "export const Page = () => <p title=\"import a from '@/server/db/client'\">Don't import '@/server/store'</p>",
    ].join('\n')
    expect(checkSource('app/page.tsx', text)).toMatchObject({ imports: 0, violations: [] })
  })

  it('is refused when its target is computed', () => {
    expect(rulesBroken('server/api/thing.ts', 'const a = import(name)')).toEqual(['nobody can tell what it imports'])
    expect(rulesBroken('tests/thing.ts', 'const a = import(name)')).toEqual([])
  })

  it('is refused when it leads out of the project or into a folder without a zone', () => {
    expect(rulesBroken('server/api/thing.ts', "import a from '../../../other/thing'")).toEqual([
      'it lies outside the project',
    ])
    expect(rulesBroken('server/api/thing.ts', "import a from '@/attic/thing'")[0]).toMatch(
      /^attic\/thing belongs to no zone/,
    )
    expect(rulesBroken('attic/thing.ts', 'export const a = 1')[0]).toMatch(/^the file belongs to no zone/)
  })

  it('is reported as a problem in a file that cannot be parsed', () => {
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

  const good = "import { place } from '@/core/scheduler/place'\n\nexport const a = place\n"
  const bad =
    "// A worker may not know the API.\nimport { appRouter } from '@/server/api/root'\n\nexport const b = appRouter\n"

  it('exits with 1 and names file, line, import and rule', () => {
    const tree = treeOf({ 'server/worker/good.ts': good, 'server/worker/bad.ts': bad })
    const { code, output } = run('--root', tree, '--min-files', '1')
    expect(code).toBe(1)
    expect(output).toContain("server/worker/bad.ts:2  import '@/server/api/root'\n    worker may not import api, only")
    expect(output).not.toContain('good.ts')
  })

  it('exits with 0 without violations, and with 1 when it found hardly any files', () => {
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

describe('cycles', () => {
  const trees: string[] = []
  afterAll(() => {
    for (const tree of trees) rmSync(tree, { recursive: true })
  })

  function rulesOf(files: Record<string, string>): string[] {
    const tree = mkdtempSync(join(tmpdir(), 'fogdeck-circles-'))
    trees.push(tree)
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(tree, dirname(path)), { recursive: true })
      writeFileSync(join(tree, path), text)
    }
    return checkTree(tree).violations.map(({ what, rule }) => `${what}: ${rule}`)
  }

  it('between files are refused, even when they consist of types only', () => {
    const round = {
      'core/a/one.ts': "import { two } from './two'\n",
      'core/a/two.ts': "import type { Three } from './three'\n",
      'core/a/three.ts': "export * from './one'\n",
      'core/a/beside.ts': "import { one } from './one'\n",
    }
    expect(rulesOf(round)).toEqual([
      'core/a/one.ts → core/a/two.ts → core/a/three.ts → core/a/one.ts: files may not need one another in a circle',
    ])
  })

  it('between rooms are refused, even without a cycle of files', () => {
    const round = {
      'core/a/one.ts': "import { two } from '@/core/b/two'\n",
      'core/b/two.ts': 'export const two = 2\n',
      'core/b/three.ts': "import { four } from '@/core/a/four'\n",
      'core/a/four.ts': 'export const four = 4\n',
    }
    expect(rulesOf(round)).toEqual(['core/a → core/b → core/a: rooms (folders) may not need one another in a circle'])
  })

  it('are allowed in tests, which may import anything', () => {
    const tests = {
      'core/a/one.ts': "import { two } from '@/core/b/two'\n",
      'core/b/two.ts': 'export const two = 2\n',
      'core/b/two.test.ts': "import { one } from '@/core/a/one'\n",
    }
    expect(rulesOf(tests)).toEqual([])
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
