/**
 * The image content in simulated registries: the same for all engines, a pure function of the reference and the time.
 */
import { createHash } from 'node:crypto'
import { canonicalImage, type ImageContent } from '@/core/deployments/image'
import { behaviourOf } from './behaviour'

const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`

/** The same content always has the same id. */
export const contentOfDigest = (digest: string): ImageContent => ({ digest, imageId: sha256(digest) })

/** The content that a tag points to at a time in milliseconds since 1970. */
export const contentNow = (image: string, now: number): ImageContent => {
  const { tagMovesMs, hasDigest } = behaviourOf(image)
  const version = tagMovesMs === null ? 0 : Math.floor(now / tagMovesMs)
  const content = contentOfDigest(sha256(`${canonicalImage(image)} ${version}`))
  return hasDigest ? content : { ...content, digest: null }
}
