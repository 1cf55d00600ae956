/** What the registries of simulated engines have: the same for all of them, made of the reference and the time alone. */
import { createHash } from 'node:crypto'
import { canonicalImage, type ImageContent } from '@/core/deployments/image'
import { behaviourOf } from './behaviour'

const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`

/** One content has one id, whichever way it came. */
export const contentOfDigest = (digest: string): ImageContent => ({ digest, imageId: sha256(digest) })

/** What a tag points to at a moment, in milliseconds since 1970. */
export const contentNow = (image: string, now: number): ImageContent => {
  const { tagMovesMs, hasDigest } = behaviourOf(image)
  const version = tagMovesMs === null ? 0 : Math.floor(now / tagMovesMs)
  const content = contentOfDigest(sha256(`${canonicalImage(image)} ${version}`))
  return hasDigest ? content : { ...content, digest: null }
}
