/** `npm run proof -- NAME [OPTIONS]`: runs one of the proofs in tests/proof. Without a name it lists them. */
import { readdirSync } from 'node:fs'
import { inProject, run } from './lib/project.mjs'

const names = readdirSync(inProject('tests/proof'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
  .sort()
const [name, ...options] = process.argv.slice(2)
if (names.includes(name)) {
  process.exitCode = await run(process.execPath, ['--import', 'tsx', `tests/proof/${name}.ts`, ...options])
} else {
  process.stderr.write(`npm run proof -- NAME [--help]\nProofs: ${names.join(', ')}\n`)
  if (name !== undefined && name !== '--help') process.exitCode = 1
}
