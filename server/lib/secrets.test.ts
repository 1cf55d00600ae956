import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadSecrets, secretsFile } from './secrets'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fogdeck secrets '))
})
afterEach(() => rmSync(home, { recursive: true }))

const run = promisify(execFile)

describe('secrets', () => {
  it('are made once, different from each other, and the same ever after', () => {
    const first = loadSecrets(join(home, 'data'))
    expect(Buffer.from(first.sealKey, 'base64url')).toHaveLength(32)
    expect(new Set([first.authSecret, first.databasePassword, first.sealKey]).size).toBe(3)
    expect(loadSecrets(join(home, 'data'))).toEqual(first)
    expect(readdirSync(join(home, 'data'))).toEqual(['secrets.json'])
  })

  it('are for their owner only, also when somebody opened the file', () => {
    loadSecrets(home)
    expect(statSync(secretsFile(home)).mode & 0o777).toBe(0o600)
    chmodSync(secretsFile(home), 0o644)
    loadSecrets(home)
    expect(statSync(secretsFile(home)).mode & 0o777).toBe(0o600)
  })

  it.each(['', '{"authSecret":"short"}'])('are never replaced when the file is damaged (%j)', (damage) => {
    writeFileSync(secretsFile(home), damage)
    expect(() => loadSecrets(home)).toThrow(/secrets\.json is damaged/)
    expect(readFileSync(secretsFile(home), 'utf8')).toBe(damage)
  })

  it('are the same for processes that start at once', async () => {
    const program = `import { loadSecrets } from ${JSON.stringify(join(import.meta.dirname, 'secrets.ts'))}
      console.log(loadSecrets(${JSON.stringify(join(home, 'shared'))}).authSecret)`
    const start = () => run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program])
    const outputs = await Promise.all(Array.from({ length: 6 }, start))
    expect(new Set(outputs.map(({ stdout }) => stdout)).size).toBe(1)
  })
})
