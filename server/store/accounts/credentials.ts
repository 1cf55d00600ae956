import { createHash, randomBytes } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'

/** argon2id (the library's default) with 19 MiB and two passes: the first choice of OWASP's password storage cheat sheet. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export const hashPassword = (password: string): Promise<string> => hash(password, cost)

let decoy: Promise<string> | undefined
/** Takes as long for a user who is not there (`null`), so that answers do not tell which names exist. */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  decoy ??= hashPassword(randomBytes(16).toString('hex'))
  const matches = await verify(stored ?? (await decoy), password)
  return stored !== null && matches
}

/** Tokens are 256 random bits, so a plain hash keeps them: there is nothing to guess. Hex. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex')

export const makeToken = (prefix: 'fdj' | 'fdk'): string => `${prefix}_${randomBytes(32).toString('base64url')}`
