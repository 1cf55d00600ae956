/**
 * Determines which image a replica runs. A tag may move but a revision may not: the first node that resolves the tag
 * reports its content, and all nodes run exactly that.
 */

import { type Engine, EngineError } from '@/agent/engines/engine'
import type { Clock } from '@/agent/lib/clock'
import type { DesiredReplica, ResolvedImage } from '@/core/agents/protocol'
import { type ImageContent, imageWithDigest, shortDigest } from '@/core/deployments/image'

export interface ImageWork {
  nodeId: string
  engine: Pick<Engine, 'image'>
  clock: Clock
  /** The newest image that the control plane reported for the revision. */
  imageOf(replicaId: string): ImageContent | null
  /** Resolves when the control plane reports an image, or after `ms` milliseconds. */
  imageNews(replicaId: string, ms: number, signal: AbortSignal): Promise<void>
  /**
   * Reports the image that this node found. The answer is binding; null when the replica no longer belongs to this
   * node.
   */
  resolveImage(replica: DesiredReplica, found: ResolvedImage): Promise<ImageContent | null>
  /** The pending or received answer of another node in this process; null when none asked. */
  sharedImage(replica: DesiredReplica): Promise<ImageContent | null> | null
  /** Pulls a missing image, within the limit of parallel pulls; with `anew` also an image that the node has. */
  pull(replica: DesiredReplica, image: string, signal: AbortSignal, options?: { anew: boolean }): Promise<void>
  starting(replicaId: string, reason: string): Promise<void>
}

/** How long the other nodes of a revision wait for the first one to resolve the image. */
const waitForFirstMs = 5_000

/** The image of the replica's revision: already known, or resolved and reported now. */
export const contentOf = async (
  work: ImageWork,
  replica: DesiredReplica,
  signal: AbortSignal,
): Promise<ImageContent> => {
  const { replicaId, image, resolvesImage } = replica
  const known = replica.imageContent ?? work.imageOf(replicaId)
  if (known) return known
  if (!resolvesImage) {
    await work.starting(replicaId, `Waiting for another node to look up ${image}`)
    await work.imageNews(replicaId, waitForFirstMs, signal)
    signal.throwIfAborted()
    const news = work.imageOf(replicaId)
    if (news) return news
  }
  const shared = await work.sharedImage(replica)
  signal.throwIfAborted()
  if (shared) return shared
  const found = await lookUp(work, replica, signal)
  signal.throwIfAborted()
  const recorded = await work.resolveImage(replica, { nodeId: work.nodeId, replicaId, ...found })
  if (recorded === null) throw new Error(`the control plane knows nothing of replica ${replicaId} on this node`)
  return recorded
}

const lookUp = async (work: ImageWork, replica: DesiredReplica, signal: AbortSignal) => {
  const { image, pullsAnew } = replica
  const before = await work.engine.image(image)
  if (before && !pullsAnew) return { ...before, fromRegistry: false }
  try {
    await work.pull(replica, image, signal, { anew: pullsAnew })
  } catch (error) {
    // An image without a registry is whatever the node has.
    if (error instanceof EngineError && error.kind === 'refused' && before?.digest === null)
      return { ...before, fromRegistry: false }
    throw error
  }
  const after = await work.engine.image(image)
  if (after) return { ...after, fromRegistry: true }
  throw new EngineError('refused', `the engine says that it pulled ${image}, and does not have it`)
}

/** The reference for the engine: a digest or id rather than a tag, which may have moved on this node. */
export const exactImage = ({ image }: Pick<DesiredReplica, 'image'>, { digest, imageId }: ImageContent): string =>
  digest === null ? imageId : imageWithDigest(image, digest)

/**
 * Obtains an image that the engine doesn't find: the same content may be there under its id, or it is pulled; otherwise
 * throws.
 */
export const obtainImage = async (
  work: ImageWork,
  replica: DesiredReplica,
  content: ImageContent,
  signal: AbortSignal,
): Promise<string> => {
  const { image, revision } = replica
  // An image that was loaded from a file or pulled from another registry has the same id.
  if (content.imageId && (await work.engine.image(content.imageId))) return content.imageId
  const exact = exactImage(replica, content)
  if (content.digest !== null) {
    await work.pull(replica, exact, signal)
    return exact
  }
  const there = await work.engine.image(image)
  if (there === null) await work.pull(replica, image, signal)
  const found = there ?? (await work.engine.image(image))
  if (found?.imageId === content.imageId) return content.imageId
  const [wanted, here] = [content.imageId, found?.imageId ?? 'nothing'].map(shortDigest)
  throw new EngineError(
    'refused',
    `revision ${revision} runs the image ${wanted}, which is from no registry, and ${image} is ${here} on this node: load the same image on every node, or push it to a registry`,
  )
}
