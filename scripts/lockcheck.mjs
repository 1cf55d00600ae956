/**
 * Checks package-lock.json for two mistakes that npm accepts: an optional dependency (a program for some platform) that
 * is named but has no entry, which makes `npm ci` refuse the file, and the URL of a registry, which would tie everybody
 * to one host.
 */
import { readFileSync } from 'node:fs'
import { inProject, isMain } from './lib/project.mjs'

/** @returns one sentence per mistake. */
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

/** Looks where Node does: below the package itself, then below each parent folder. */
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
