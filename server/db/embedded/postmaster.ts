/** What postmaster.pid says of the server on a data folder, and whether that is still true. */
import { execFileSync } from 'node:child_process'
import { readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasCode } from '@/server/lib/system-error'

export interface Postmaster {
  pid: number
  port: number
  ready: boolean
}

const pidFile = (pgdata: string): string => join(pgdata, 'postmaster.pid')

/** The running server of this data folder, or null. A file left by a crash counts as null. */
export function findPostmaster(pgdata: string): Postmaster | null {
  const file = readPidFile(pgdata)
  return file && isPostmasterOf(file.pid, pgdata) ? file : null
}

/** Higher than any process id. */
const nobody = 2 ** 31 - 1

/**
 * The process id in a left-over file may belong to another program by now (after a restart of a machine or container),
 * or to a killed server that nobody has buried. PostgreSQL looks only whether the process exists, and would refuse to
 * start. The rest of the file stays: by its shared memory PostgreSQL sees whether sessions of the old server live on.
 */
export function forgetDeadPostmaster(pgdata: string): void {
  const file = readPidFile(pgdata)
  if (file === null || file.pid === nobody || !isAlive(file.pid) || isPostmasterOf(file.pid, pgdata)) return
  const [, ...rest] = readFileSync(pidFile(pgdata), 'utf8').split('\n')
  writeFileSync(pidFile(pgdata), [nobody, ...rest].join('\n'))
}

/** Lines: process id, folder, start time, port, socket folder, address, shared memory, status. */
function readPidFile(pgdata: string): Postmaster | null {
  let lines: string[]
  try {
    lines = readFileSync(pidFile(pgdata), 'utf8').split('\n')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
  const pid = Number(lines[0])
  return pid > 0 ? { pid, port: Number(lines[3] ?? 0), ready: lines[7]?.trim() === 'ready' } : null
}

/**
 * By its command line, which everybody may read. Where it works in is not for everybody: root needs a capability to see
 * that of another user's process, which containers don't give.
 */
function isPostmasterOf(pid: number, pgdata: string): boolean {
  if (!isAlive(pid)) return false
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-ww', '-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).includes(pgdata)
    }
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    const folder = args[args.indexOf('-D') + 1]
    return args.includes('-D') && folder !== undefined && realpathSync(folder) === realpathSync(pgdata)
  } catch {
    return false
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}
