/**
 * How many reports a node may send: each may become a row of history that is kept for good. A node with hundreds of
 * replicas that all change at once is far below it. What is over it is refused: its agent keeps it and tries again.
 */
export const reportLimit = { burst: 3_000, perSecond: 50 } as const

interface Bucket {
  /** Below zero when one call took more than there was. */
  left: number
  atMs: number
}

export class ReportLimit {
  private readonly buckets = new Map<string, Bucket>()

  /** `now` is in milliseconds, by a clock that never jumps. */
  constructor(private readonly now: () => number) {}

  /**
   * Takes the reports of one call, each given as the id of its node. Answers null, or after how many milliseconds the call
   * can be taken; then it took nothing. A call goes through whole when each of its nodes has something left.
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
