/**
 * Which image a replica runs. A tag may move; a revision does not: the first node that looks reports what the tag was, and
 * all nodes run exactly that.
 */

import { type Engine, EngineError } from '@/agent/engines/engine'
import type { Clock } from '@/agent/lib/clock'
import type { DesiredReplica, ResolvedImage } from '@/core/agents/protocol'
import { type ImageContent, imageWithDigest, shortDigest } from '@/core/deployments/image'

export interface ImageWork {
  nodeId: string
  engine: Pick<Engine, 'image'>
  clock: Clock
  /** What the control plane said last of the revision's image. */
  imageOf(replicaId: string): ImageContent | null
  /** Resolves when the control plane says more, or after so many milliseconds. */
  imageNews(replicaId: string, ms: number, signal: AbortSignal): Promise<void>
  /** Reports what was found. The answer is what counts; null when the replica is not this node's any more. */
  resolveImage(replica: DesiredReplica, found: ResolvedImage): Promise<ImageContent | null>
  /** What another node of this program was answered, or is about to be; null when none asked. */
  sharedImage(replica: DesiredReplica): Promise<ImageContent | null> | null
  /** Pulls what is missing, in turn with others; `anew` although there is an image of that name. */
  pull(replica: DesiredReplica, image: string, signal: AbortSignal, options?: { anew: boolean }): Promise<void>
  starting(replicaId: string, reason: string): Promise<void>
}

/** So long the nodes of a revision wait for the one that looks first. */
const waitForFirstMs = 5_000

/** What the revision's image is: known already, or found out and reported. */
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
    // An image that is from no registry is what it is on the node.
    if (error instanceof EngineError && error.kind === 'refused' && before?.digest === null)
      return { ...before, fromRegistry: false }
    throw error
  }
  const after = await work.engine.image(image)
  if (after) return { ...after, fromRegistry: true }
  throw new EngineError('refused', `the engine says that it pulled ${image}, and does not have it`)
}

/** By what the engine is to know it: no tag, which may have moved on this node. */
export const exactImage = ({ image }: Pick<DesiredReplica, 'image'>, { digest, imageId }: ImageContent): string =>
  digest === null ? imageId : imageWithDigest(image, digest)

/** The engine does not know it: the same content may be there under its id, is pulled, or is not to be had. */
export const obtainImage = async (
  work: ImageWork,
  replica: DesiredReplica,
  content: ImageContent,
  signal: AbortSignal,
): Promise<string> => {
  const { image, revision } = replica
  // Loaded from a file, or pulled from another registry, it has the same id.
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
