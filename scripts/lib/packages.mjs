/** Whether node_modules is what package-lock.json says, and installing it when it isn't. */
import { existsSync, readFileSync } from 'node:fs'
import { inProject, run } from './project.mjs'

const minimumNode = [20, 19]

/** A sentence when this Node is too old, else null. */
export function nodeProblem(version = process.versions.node) {
  const [major, minor] = version.split('.').map(Number)
  const enough = major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1])
  return enough ? null : `Fogdeck needs Node.js ${minimumNode.join('.')} or newer; this is ${version}.`
}

/** What npm wrote about node_modules is compared with the lock file. Packages of other platforms may be absent. */
export function packagesAreInstalled({ withDev }) {
  const installedFile = inProject('node_modules', '.package-lock.json')
  if (!existsSync(installedFile)) return false
  const wanted = JSON.parse(readFileSync(inProject('package-lock.json'), 'utf8')).packages
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages
  return Object.entries(wanted).every(([path, is]) => {
    if (path === '' || is.optional || is.devOptional || (is.dev && !withDev)) return true
    return installed[path]?.version === is.version && installed[path]?.integrity === is.integrity
  })
}

/** @returns npm's exit code. */
export async function installPackages(say) {
  say('Installing packages (npm ci; about a minute the first time)')
  const startedAt = Date.now()
  // npm shows its own progress on a terminal only.
  const ticker = setInterval(() => say(`… still installing, ${Math.round((Date.now() - startedAt) / 1000)} s`), 15_000)
  const npm = process.env.npm_execpath
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev']
  const code = npm?.endsWith('.js') ? await run(process.execPath, [npm, ...args]) : await run('npm', args)
  clearInterval(ticker)
  return code
}
