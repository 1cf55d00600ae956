import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const check = (packages: Record<string, unknown>) => {
  const folder = mkdtempSync(join(tmpdir(), 'fogdeck-lock-'))
  const file = join(folder, 'package-lock.json')
  writeFileSync(file, JSON.stringify({ packages }))
  const { status, stderr } = spawnSync(process.execPath, ['scripts/lockcheck.mjs', file], { encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  return { status, stderr: stderr.trim() }
}

const tool = { version: '1.0.0', optionalDependencies: { 'tool-linux': '1.0.0' } }

it('accepts a lock file that contains its optional dependencies, nested or at the top level', () => {
  expect(check({ '': {}, 'node_modules/tool': tool, 'node_modules/tool-linux': {} }).status).toBe(0)
  expect(check({ '': {}, 'node_modules/tool': tool, 'node_modules/tool/node_modules/tool-linux': {} }).status).toBe(0)
  const nested = { 'node_modules/a/node_modules/tool': tool, 'node_modules/a/node_modules/tool-linux': {} }
  expect(check({ '': {}, ...nested }).status).toBe(0)
})

it('refuses a lock file that lacks the program of a platform', () => {
  const result = check({ '': {}, 'node_modules/tool': tool, 'node_modules/b/node_modules/tool-linux': {} })
  expect(result).toEqual({ status: 1, stderr: 'node_modules/tool needs tool-linux, which is not in the lock file' })
})

it('refuses a lock file that names a host', () => {
  const result = check({ '': {}, 'node_modules/tool': { resolved: 'https://packages.example/tool.tgz' } })
  expect(result.status).toBe(1)
  expect(result.stderr).toContain('names a host (packages.example)')
})
