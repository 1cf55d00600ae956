/** `npm run bench -- NAME [OPTIONS]`: runs one of the benchmarks beside this file. Without a name it lists them. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .sort()
const [name, ...options] = process.argv.slice(2)
if (name !== undefined && names.includes(name)) {
  const file = join(import.meta.dirname, `${name}.ts`)
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', file, ...options], { stdio: 'inherit' })
  process.exitCode = status ?? 1
} else {
  process.stderr.write(`npm run bench -- NAME [--help]\nBenchmarks: ${names.join(', ')}\n`)
  if (name !== undefined && name !== '--help') process.exitCode = 1
}
