/**
 * Shares the control plane's answers about images among all nodes of one agent process: a burst of a hundred replicas
 * of one revision makes one call. Few calls run in parallel, so that heartbeats and reports don't queue behind them.
 */

import type { Clock } from '@/agent/lib/clock'
import { Slots } from '@/agent/lib/slots'
import type { DesiredReplica, ResolvedImage } from '@/core/agents/protocol'
import type { ImageContent } from '@/core/deployments/image'

type Revision = Pick<DesiredReplica, 'deploymentId' | 'revision'>

/** Maximum number of parallel calls. */
const atOnce = 4
/** How long an answer is shared; afterwards the desired state of every node contains it. */
const sharedMs = 60_000
const mostKept = 1_000

interface Shared {
  answer: Promise<ImageContent | null>
  askedAtMs: number
}

export class SharedImages {
  readonly #asked = new Map<string, Shared>()
  readonly #slots = new Slots(atOnce)
  readonly #never = new AbortController().signal

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly ask: (found: ResolvedImage) => Promise<ImageContent | null>,
  ) {}

  /**
   * The pending or received answer of another node in this process; null when none asked. The promise never rejects.
   */
  of(revision: Revision): Promise<ImageContent | null> | null {
    return this.#current(revision)?.answer.catch(() => null) ?? null
  }

  /**
   * Reports the image that a node found, unless another node of this process did, whose answer is the same. Rejects
   * when the call fails.
   */
  async resolve(revision: Revision, found: ResolvedImage): Promise<ImageContent | null> {
    const current = this.#current(revision)
    const shared = current && (await current.answer)
    // Null only means that this replica no longer belongs to its node.
    if (shared) return shared
    const answer = this.#inTurn(found)
    this.#keep(keyOf(revision), answer)
    return answer
  }

  async #inTurn(found: ResolvedImage): Promise<ImageContent | null> {
    const release = await this.#slots.acquire(this.#never)
    try {
      return await this.ask(found)
    } finally {
      release()
    }
  }

  #current(revision: Revision): Shared | undefined {
    const shared = this.#asked.get(keyOf(revision))
    return shared && this.clock.now() - shared.askedAtMs < sharedMs ? shared : undefined
  }

  #keep(key: string, answer: Promise<ImageContent | null>): void {
    const shared = { answer, askedAtMs: this.clock.now() }
    this.#asked.delete(key)
    this.#asked.set(key, shared)
    for (const oldest of this.#asked.keys()) {
      if (this.#asked.size <= mostKept) break
      this.#asked.delete(oldest)
    }
    const forget = (): void => {
      if (this.#asked.get(key) === shared) this.#asked.delete(key)
    }
    answer.then((content) => content === null && forget(), forget)
  }
}

const keyOf = ({ deploymentId, revision }: Revision): string => `${deploymentId} ${revision}`
