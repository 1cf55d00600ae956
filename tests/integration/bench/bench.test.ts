/** Runs each benchmark at a tiny size, to see that it ends and reports numbers. The values are not judged here. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fogdeck-bench-test-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const tiny: Record<string, string> = {
  accepts: '--rounds 1 --deployments 200 --rate 100 --seconds 1',
  lifecycle: '--rounds 1 --deployments 20 --nodes 20 --agents 2',
  records: '--rounds 1 --deployments 20 --nodes 20 --quiet-decisions 5',
  heartbeats: '--rounds 1 --nodes 20 --seconds 1',
  drill: '--rounds 1 --nodes 20 --deployments 20',
}

/** All numbers in `value`, at any depth. */
const numbersIn = (value: unknown): number[] =>
  typeof value === 'number'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(numbersIn)
      : []

test.each(Object.entries(tiny))(
  'npm run bench -- %s prints a table and writes numbers',
  async (name, options) => {
    const json = join(folder, `${name}.json`)
    const args = ['--import', 'tsx', 'bench/run.ts', name, ...options.split(' '), '--json', json]
    const { stdout, stderr } = await run(process.execPath, args)
    expect(stderr).toBe('')
    expect(stdout).toContain('medians of 1 rounds')
    const report = JSON.parse(readFileSync(json, 'utf8')) as Record<string, unknown>
    expect(report).toMatchObject({ benchmark: name, machine: expect.any(String), medians: expect.anything() })
    const numbers = numbersIn(report.medians)
    expect(numbers.length).toBeGreaterThan(3)
    expect(numbers.filter((number) => !Number.isFinite(number))).toEqual([])
  },
  300_000,
)

test('an unknown benchmark is refused with the list of known ones', async () => {
  const unknown = run(process.execPath, ['--import', 'tsx', 'bench/run.ts', 'nothing'])
  await expect(unknown).rejects.toThrow('accepts, drill, engine, heartbeats, lifecycle, pages, placement, records')
})
