/**
 * Limits the reports of each node, because each may become a permanent row of history. A node with hundreds of replicas
 * that all change at once stays far below the limit. The agent keeps refused reports and sends them again.
 */
export const reportLimit = { burst: 3_000, perSecond: 50 } as const

interface Bucket {
  /** Number of tokens; negative after a call that took more than were left. */
  left: number
  atMs: number
}

export class ReportLimit {
  private readonly buckets = new Map<string, Bucket>()

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(private readonly now: () => number) {}

  /**
   * Takes one token per report of a call; `nodeIds` has the node of each report. Returns null on success; otherwise
   * takes no tokens and returns the milliseconds to wait. A call succeeds if each of its nodes has tokens left.
   */
  take(nodeIds: readonly string[]): number | null {
    const counts = new Map<string, number>()
    for (const nodeId of nodeIds) counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1)
    const atMs = this.now()
    const left = new Map([...counts.keys()].map((nodeId) => [nodeId, this.leftOf(nodeId, atMs)]))
    const least = Math.min(...left.values())
    if (least < 1) return Math.ceil(((1 - least) * 1_000) / reportLimit.perSecond)
    for (const [nodeId, before] of left) this.buckets.set(nodeId, { left: before - (counts.get(nodeId) ?? 0), atMs })
    return null
  }

  private leftOf(nodeId: string, atMs: number): number {
    const bucket = this.buckets.get(nodeId)
    if (!bucket) return reportLimit.burst
    return Math.min(reportLimit.burst, bucket.left + ((atMs - bucket.atMs) * reportLimit.perSecond) / 1_000)
  }
}
