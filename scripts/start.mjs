/**
 * `npm start`: from a fresh clone to a running control plane. This file uses only Node itself: it installs what
 * everything else needs, then hands over to scripts/up.ts.
 */
import { generate } from './generate.mjs'
import { installPackages, nodeProblem, packagesAreInstalled } from './lib/packages.mjs'
import { root } from './lib/project.mjs'

const say = (text) => process.stdout.write(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${text}\n`)

function fail(text) {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}

const problem = nodeProblem()
if (problem) fail(problem)
process.chdir(root)
if (!packagesAreInstalled({ withDev: false }) && (await installPackages(say)) !== 0) {
  fail('The packages could not be installed: see above.')
}
if ((await generate({ quiet: true })) !== 0) fail('The database client could not be made: see above.')
const { register } = await import('tsx/esm/api')
register()
await import('./up.ts')
