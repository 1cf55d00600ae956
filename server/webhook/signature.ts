import { createHmac } from 'node:crypto'

/** A secret of the form whsec_<base64> stands for those bytes, any other for its own characters. */
const keyOf = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret, 'utf8')

interface SignedContent {
  id: string
  /** Seconds since 1970 */
  timestamp: number
  body: string
}

/** The value of `webhook-signature` as Standard Webhooks (standardwebhooks.com) has it, so that its libraries verify it. */
export const signatureOf = (secret: string, { id, timestamp, body }: SignedContent): string =>
  `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`
