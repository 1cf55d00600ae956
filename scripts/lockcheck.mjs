/**
 * Checks package-lock.json for two mistakes that npm itself lets through: an optional dependency (a program for some
 * platform) that is named but not in the file, after which `npm ci` refuses it, and the address of a registry, which
 * would bind everybody to one host.
 */
import { readFileSync } from 'node:fs'
import { inProject, isMain } from './lib/project.mjs'

/** @returns sentences, one per mistake. */
export function lockProblems({ packages }) {
  const problems = []
  for (const [path, is] of Object.entries(packages)) {
    if (is.resolved && !is.link)
      problems.push(
        `${path} names a host (${new URL(is.resolved).host}): see omit-lockfile-registry-resolved in .npmrc`,
      )
    for (const name of Object.keys(is.optionalDependencies ?? {})) {
      if (!isThere(packages, path, name))
        problems.push(`${path || 'package.json'} needs ${name}, which is not in the lock file`)
    }
  }
  return problems
}

/** As Node looks for it: below the package itself, then below each folder above. */
function isThere(packages, path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`]) return true
    if (at === '') return false
  }
}

if (isMain(import.meta.url)) {
  const lock = JSON.parse(readFileSync(process.argv[2] ?? inProject('package-lock.json'), 'utf8'))
  const problems = lockProblems(lock)
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  process.exitCode = problems.length > 0 ? 1 : 0
  if (problems.length === 0)
    process.stdout.write(
      `The lock file is complete and names no host (${Object.keys(lock.packages).length} packages).\n`,
    )
}
