import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** Keeps what may hold secrets unreadable in the database and its backups: environments of deployments, and logs. */
export interface Sealer {
  seal(value: Record<string, string>): Buffer
  open(sealed: Uint8Array): Record<string, string>
  sealBytes(bytes: Uint8Array): Buffer
  openBytes(sealed: Uint8Array): Buffer
}

const nonceBytes = 12
const tagBytes = 16

/** AES-256-GCM; the sealed form is nonce ‖ tag ‖ ciphertext. `key` is 32 bytes in base64. */
export function createSealer(key: string): Sealer {
  const secret = Buffer.from(key, 'base64')
  if (secret.length !== 32) throw new Error('The seal key must be 32 bytes in base64')
  const sealBytes = (bytes: Uint8Array): Buffer => {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', secret, nonce)
    const body = Buffer.concat([cipher.update(bytes), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), body])
  }
  const openBytes = (sealed: Uint8Array): Buffer => {
    const bytes = Buffer.from(sealed)
    const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, nonceBytes))
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()])
  }
  return {
    seal: (value) => sealBytes(Buffer.from(JSON.stringify(value), 'utf8')),
    open: (sealed) => JSON.parse(openBytes(sealed).toString('utf8')) as Record<string, string>,
    sealBytes,
    openBytes,
  }
}
