/**
 * `npm test`: everything that must hold, in one command, even in a fresh clone. `npm test -- unit e2e` runs only those
 * steps. The last line counts tests; a step without tests of its own counts as one.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { prepareMachine } from './lib/machine.mjs'
import { installPackages, nodeProblem, packagesAreInstalled } from './lib/packages.mjs'
import { inProject, packageProgram, root, run } from './lib/project.mjs'
import { nothing, readChaos, readPlaywright, readVitest } from './lib/reports.mjs'

const node = (args, options) => run(process.execPath, args, options)
const results = inProject('.test/results')
const isCi = /^(true|1)$/i.test(process.env.CI ?? '')

/** A step that is not a test runner and counts as one test, passed or failed. */
const check =
  (...commands) =>
  async () => {
    for (const args of commands) if ((await node(args)) !== 0) return { ...nothing, failed: 1 }
    return { ...nothing, passed: 1 }
  }

const vitest =
  (project) =>
  async ({ env }) => {
    const file = `${results}/${project}.json`
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const args = [packageProgram('vitest/vitest.mjs'), 'run', '--project', project, ...reporters]
    return readVitest(file, await node(args, { env }))
  }

const playwright = async () => {
  const file = `${results}/e2e.json`
  const args = [packageProgram('@playwright/test/cli.js'), 'test', '--reporter=list,json']
  return readPlaywright(file, await node(args, { env: { PLAYWRIGHT_JSON_OUTPUT_FILE: file } }))
}

/** A short run with the same faults at the same moments each time. `npm run chaos` runs as long as you like. */
const chaos = async () => {
  const file = `${results}/chaos.json`
  const args = ['--minutes', '1.25', '--seed', '760', '--gap', '4', '--nodes', '18', '--report', file]
  return readChaos(file, await node(['--import', 'tsx', 'tests/chaos/main.ts', ...args]))
}

/** A small run, with limits that the stop exceeds. `npm run proof -- overload` is the long form. */
const slowness = check([
  ...['--import', 'tsx', 'tests/proof/overload.ts', '--nodes', '300', '--deployments', '20', '--replicas', '20'],
  ...['--stop', '12', '--limit', '6', '--minutes', '5'],
])

/** Steps run in this order. `after` names a step that has to pass first. */
const steps = {
  generate: { what: 'the database client is made', run: check(['scripts/generate.mjs']) },
  types: {
    what: 'TypeScript agrees',
    after: 'generate',
    run: check([packageProgram('next/dist/bin/next'), 'typegen'], [packageProgram('typescript/bin/tsc'), '--noEmit']),
  },
  lint: { what: 'the linter finds nothing', run: check([packageProgram('@biomejs/biome/bin/biome'), 'check', '.']) },
  boundaries: { what: 'folders import only what they may', run: check(['--import', 'tsx', 'scripts/boundaries.ts']) },
  lockfile: { what: 'the lock file is complete', run: check(['scripts/lockcheck.mjs']) },
  unit: { what: 'parts by themselves', after: 'generate', run: vitest('unit') },
  integration: { what: 'parts with a real PostgreSQL', after: 'generate', run: vitest('integration') },
  engines: { what: 'nodes with real container engines', after: 'generate', run: vitest('engines') },
  build: { what: 'the pages are built', after: 'generate', run: check(['scripts/build.mjs']) },
  e2e: { what: 'the whole product in a browser', after: 'build', run: playwright },
  proof: { what: 'slowness is not taken for failure', after: 'build', run: slowness },
  chaos: { what: 'promises kept while programs are killed', after: 'build', run: chaos },
}

const say = (text) => process.stdout.write(`${text}\n`)
const heading = (text) => say(`\n\x1b[1m━━ ${text} ${'━'.repeat(Math.max(0, 76 - text.length))}\x1b[0m`)

function fail(text) {
  process.stderr.write(`${text}\n`)
  return finish([{ name: 'set-up', ...nothing, failed: 1, note: text, seconds: 0 }])
}

/** Prints the table and the final line. */
function finish(rows) {
  heading('Summary')
  say(`${' '.repeat(15)}${['passed', 'failed', 'skipped'].map((word) => word.padStart(9)).join('')}`)
  for (const { name, passed, failed, skipped, note, seconds } of rows) {
    const mark = failed > 0 ? '✗' : passed > 0 ? '✓' : '–'
    const counts = [passed, failed, skipped].map((count) => String(count).padStart(9)).join('')
    say(`${mark} ${name.padEnd(13)}${counts}   ${seconds.toFixed(1).padStart(6)} s  ${note}`)
  }
  const named = (key) => rows.flatMap((row) => (row[key] ?? []).map((title) => `  ${row.name}: ${title}`))
  const list = (what, titles) => titles.length > 0 && say(`\n${what}:\n${titles.join('\n')}`)
  list('Failed at first, passed when tried again', named('wavering'))
  list('Failed', named('failures'))
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0)
  const line = `${sum('passed')} passed, ${sum('failed')} failed${sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''}`
  mkdirSync(results, { recursive: true })
  writeFileSync(`${results}/summary.txt`, `${line}\n`)
  say(`\n${line}`)
  return sum('failed') > 0 ? 1 : 0
}

async function main() {
  process.chdir(root)
  rmSync(results, { recursive: true, force: true })
  const names = process.argv.slice(2).length > 0 ? process.argv.slice(2) : Object.keys(steps)
  const unknown = names.filter((name) => !(name in steps))
  if (unknown.length > 0)
    return fail(`There is no step ${unknown.join(', ')}: choose of ${Object.keys(steps).join(', ')}`)
  const problem = nodeProblem()
  if (problem) return fail(problem)
  if (!packagesAreInstalled({ withDev: true }) && (await installPackages(say)) !== 0)
    return fail('The packages could not be installed')
  mkdirSync(results, { recursive: true })
  const missing = await prepareMachine(names, say)

  const rows = []
  for (const [name, step] of Object.entries(steps)) {
    if (!names.includes(name)) continue
    heading(`${name}: ${step.what}`)
    const startedAt = performance.now()
    const counts = await runStep(name, { step, rows, why: missing[name] })
    rows.push({ name, note: '', ...counts, seconds: (performance.now() - startedAt) / 1000 })
  }
  return finish(rows)
}

async function runStep(name, { step, rows, why }) {
  if (rows.some((row) => row.name === step.after && row.failed > 0)) {
    return { ...nothing, failed: 1, note: `not run, because ${step.after} failed` }
  }
  if (!why) return step.run({ env: {} })
  // A developer's machine may lack something, but on CI that is an error in the set-up.
  if (isCi) return { ...nothing, failed: 1, note: why }
  say(`SKIPPED: ${why}`)
  if (name !== 'engines') return { ...nothing, skipped: 1, note: why }
  return { ...(await step.run({ env: { FOGDECK_SKIP_ENGINES: why } })), note: why }
}

process.exitCode = await main()
