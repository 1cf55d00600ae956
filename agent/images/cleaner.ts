/**
 * Removes images that this agent pulled and nothing needs any more: by age, and sooner when the disk fills. It never
 * touches images that somebody else put on the machine, images of containers and desired replicas, or the previous
 * image of a deployment on this node.
 */

import type { Engine } from '@/agent/engines/engine'
import type { Clock } from '@/agent/lib/clock'
import { SavedFile } from '@/agent/lib/files'
import { type Logger, messageOf } from '@/agent/lib/log'
import type { DesiredReplica } from '@/core/agents/protocol'

interface PulledImage {
  /** The image's digest, and its tag while that still points to this content. */
  names: string[]
  /** Deployment → when a replica of it was desired with this image last, in milliseconds since 1970. */
  usedAt: Record<string, number>
}

interface ImageCleanerOptions {
  engine: Pick<Engine, 'removeImage' | 'diskUsedPercent'>
  file: string
  clock: Clock
  log: Logger
}

const dayMs = 86_400_000
/** How long an unused image is kept. */
export const keepUnusedMs = 7 * dayMs
/** Above this usage of the engine's disk, unused images are removed at once. */
const diskPressurePercent = 85
/** The current and the previous image. */
const keptOfDeployment = 2

export class ImageCleaner {
  private pulled: PulledImage[] = []
  private loaded: Promise<void> | null = null
  private readonly saved: SavedFile

  constructor(private readonly options: ImageCleanerOptions) {
    this.saved = new SavedFile(options.file, () => JSON.stringify(this.pulled), false)
  }

  /** Records an image that this agent pulled and that was missing before. */
  async notePulled(names: string[], replica: Pick<DesiredReplica, 'deploymentId'>): Promise<void> {
    await this.load()
    // A moved tag no longer belongs to its previous image.
    const others = this.pulled
      .map((each) => ({ ...each, names: each.names.filter((name) => !names.includes(name)) }))
      .filter((each) => each.names.length > 0)
    this.pulled = [...others, { names, usedAt: { [replica.deploymentId]: this.options.clock.now() } }]
    await this.saved.save().catch(() => undefined)
  }

  /** `desired`: the replicas of this node, each with the name of its image. */
  async sweep(desired: readonly { deploymentId: string; image: string }[]): Promise<void> {
    await this.load()
    const { clock, engine } = this.options
    const now = clock.now()
    for (const each of this.pulled)
      for (const { deploymentId, image } of desired) if (each.names.includes(image)) each.usedAt[deploymentId] = now
    const kept = new Set(desired.flatMap(({ deploymentId }) => this.newestOf(deploymentId)))
    const unused = this.pulled.filter((each) => !kept.has(each)).sort((a, b) => lastUse(a) - lastUse(b))
    for (const each of unused) {
      const isOld = now - lastUse(each) >= keepUnusedMs
      if (isOld || ((await engine.diskUsedPercent()) ?? 0) >= diskPressurePercent) await this.remove(each)
    }
    await this.saved.save().catch(() => undefined)
  }

  private newestOf(deploymentId: string): PulledImage[] {
    return this.pulled
      .filter(({ usedAt }) => usedAt[deploymentId] !== undefined)
      .sort((a, b) => (b.usedAt[deploymentId] ?? 0) - (a.usedAt[deploymentId] ?? 0))
      .slice(0, keptOfDeployment)
  }

  /** An engine refuses to remove an image that a container uses; the next sweep retries. */
  private async remove(each: PulledImage): Promise<void> {
    const { engine, log } = this.options
    try {
      for (const name of each.names) await engine.removeImage(name)
      this.pulled = this.pulled.filter((other) => other !== each)
      log.info(`removed the image ${each.names[0]}, which nothing uses`)
    } catch (error) {
      log.debug(`the image ${each.names[0]} stays: ${messageOf(error)}`)
    }
  }

  private load(): Promise<void> {
    this.loaded ??= this.saved.load().then((text) => {
      // Only this class writes the file, so its shape is trusted.
      if (text !== null) this.pulled = JSON.parse(text) as PulledImage[]
    })
    return this.loaded
  }
}

const lastUse = ({ usedAt }: PulledImage): number => Math.max(0, ...Object.values(usedAt))
