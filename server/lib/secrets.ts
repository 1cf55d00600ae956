/** The secrets of an installation: made once, kept in the data folder, readable by its owner only. */
import { randomBytes, randomUUID } from 'node:crypto'
import { chmodSync, closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ensureDataDir } from './data-dir'
import { hasCode } from './system-error'

interface Secrets {
  /** Signs sessions. */
  authSecret: string
  /** 32 bytes, base64url; seals the environments of deployments (AES-256-GCM). */
  sealKey: string
  /** Password of the embedded database; letters, digits, - and _ only, so that it fits into an address. */
  databasePassword: string
}

const bytesLong = 32
const base64url = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const stored = z.object({ authSecret: base64url, sealKey: base64url, databasePassword: base64url })

export const secretsFile = (dataDir: string): string => join(dataDir, 'secrets.json')

/** @throws Error when the file is there but isn't ours; it is never overwritten, sealed data depends on it. */
export function loadSecrets(dataDir: string): Secrets {
  ensureDataDir(dataDir)
  const file = secretsFile(dataDir)
  const text = readIfThere(file) ?? create(file)
  const parsed = stored.safeParse(parseJson(text))
  if (!parsed.success) throw new Error(`${file} is damaged: restore it from a backup, or remove it to start afresh`)
  if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600)
  return parsed.data
}

/** Written aside and linked into place: the file is whole or absent, and of two processes at once the first one wins. */
function create(file: string): string {
  const secret = () => randomBytes(bytesLong).toString('base64url')
  const fresh = { authSecret: secret(), sealKey: secret(), databasePassword: secret() }
  const aside = `${file}.${randomUUID()}`
  const handle = openSync(/* turbopackIgnore: true */ aside, 'wx', 0o600)
  try {
    writeSync(handle, `${JSON.stringify(fresh, null, 2)}\n`)
    fsyncSync(handle)
    linkSync(aside, file)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    closeSync(handle)
    rmSync(aside)
  }
  return readFileSync(file, 'utf8')
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    if (!hasCode(error, 'EACCES')) throw error
    throw new Error(
      `${file} belongs to another user: start Fogdeck as that one, or set FOGDECK_DATA_DIR to another folder`,
    )
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
