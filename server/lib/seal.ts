import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/**
 * Keeps what may hold secrets unreadable in the database and its backups: environments of deployments, addresses and
 * secrets of channels, and logs. A sealed value opens only for the place that it was sealed for, such as "env:<id of the
 * deployment>": moved to another row it is as good as damaged.
 */
export interface Sealer {
  seal(value: Record<string, string>, place: string): Buffer
  open(sealed: Uint8Array, place: string): Record<string, string>
  sealBytes(bytes: Uint8Array, place: string): Buffer
  openBytes(sealed: Uint8Array, place: string): Buffer
  /** A value that older versions sealed, for no place. */
  openUnbound(sealed: Uint8Array): Buffer
}

/** Begins what is bound to a place; older values begin with their nonce. */
export const sealMark = Buffer.from('FDs2')
export const isBound = (sealed: Uint8Array): boolean => sealMark.equals(sealed.subarray(0, sealMark.length))

/** Whose environment it is: every revision of a deployment has its own, and they may be exchanged among themselves. */
export const envPlace = (deploymentId: string): string => `env:${deploymentId}`
export const channelPlace = (channelId: string, what: 'url' | 'secret'): string => `channel-${what}:${channelId}`
export const logPlace = (replicaId: string): string => `log:${replicaId}`

const nonceBytes = 12
const tagBytes = 16

/** AES-256-GCM; the sealed form is mark ‖ nonce ‖ tag ‖ ciphertext, and the place is authenticated. `key`: 32 bytes, base64. */
export function createSealer(key: string): Sealer {
  const secret = Buffer.from(key, 'base64')
  if (secret.length !== 32) throw new Error('The seal key must be 32 bytes in base64')
  const sealBytes = (bytes: Uint8Array, place: string): Buffer => {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', secret, nonce)
    cipher.setAAD(Buffer.from(place))
    const body = Buffer.concat([cipher.update(bytes), cipher.final()])
    return Buffer.concat([sealMark, nonce, cipher.getAuthTag(), body])
  }
  const decrypt = (bytes: Buffer, place: string | null): Buffer => {
    const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, nonceBytes))
    if (place !== null) decipher.setAAD(Buffer.from(place))
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()])
  }
  const openBytes = (sealed: Uint8Array, place: string): Buffer => {
    if (!isBound(sealed)) throw new Error('This value was sealed for no place: only a start of Fogdeck seals it anew')
    return decrypt(Buffer.from(sealed).subarray(sealMark.length), place)
  }
  return {
    seal: (value, place) => sealBytes(Buffer.from(JSON.stringify(value), 'utf8'), place),
    open: (sealed, place) => JSON.parse(openBytes(sealed, place).toString('utf8')) as Record<string, string>,
    sealBytes,
    openBytes,
    openUnbound: (sealed) => decrypt(Buffer.from(sealed), null),
  }
}
