/** What the tests need of the machine beyond Node: a browser, and what container engines are made of. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { inProject, run } from './project.mjs'

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
const hasProgram = (name) => folders.some((folder) => existsSync(join(folder, name)))

function hasBrowser() {
  if (existsSync('/usr/bin/chromium')) return true
  try {
    return existsSync(createRequire(inProject('package.json'))('@playwright/test').chromium.executablePath())
  } catch {
    return false
  }
}

/** Step → what it needs. */
const needs = {
  e2e: {
    what: 'a browser',
    isThere: hasBrowser,
    packages: ['chromium'],
    otherwise: 'npx playwright install chromium',
  },
  engines: {
    what: 'Docker Engine and the tools to start several of them',
    isThere: () => ['dockerd', 'containerd', 'docker-registry', 'busybox', 'ip'].every(hasProgram),
    packages: ['docker.io', 'docker-registry', 'busybox-static', 'iproute2'],
    otherwise: 'tests on real engines need Linux and root',
    needsRoot: true,
  },
}

const isRoot = process.getuid?.() === 0
const isDebian = () => isRoot && existsSync('/etc/debian_version') && hasProgram('apt-get')

/**
 * Installs what the steps need and the machine lacks, where that is possible.
 * @returns step → why it cannot run.
 */
export async function prepareMachine(steps, say) {
  const wanted = Object.entries(needs).filter(([step]) => steps.includes(step))
  const lacking = wanted.filter(([, need]) => !need.isThere())
  const packages = lacking.flatMap(([, need]) => need.packages)
  if (packages.length > 0 && isDebian()) {
    say(`Installing Debian packages for the tests: ${packages.join(' ')}`)
    await installDebianPackages(packages)
  }
  return Object.fromEntries(
    wanted.flatMap(([step, need]) => {
      if (need.needsRoot && !isRoot) return [[step, need.otherwise]]
      return need.isThere()
        ? []
        : [
            [
              step,
              `${need.what} is missing: ${need.otherwise}, or as root on Debian: apt-get install ${need.packages.join(' ')}`,
            ],
          ]
    }),
  )
}

async function installDebianPackages(packages) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['install', '-y', '--no-install-recommends', ...packages]
  // The lists of a fresh machine are empty or old.
  const isKnown = spawnSync('apt-get', ['install', '-s', ...packages], { stdio: 'ignore' }).status === 0
  if (!isKnown) await run('apt-get', ['update'], { env, quiet: true })
  if ((await run('apt-get', install, { env, quiet: true })) === 0) return
  await run('apt-get', ['update'], { env, quiet: true })
  await run('apt-get', install, { env, quiet: true })
}
