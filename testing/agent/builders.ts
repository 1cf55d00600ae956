/** Builders for tests: sensible defaults, and overrides for what matters to a test. */
import { randomUUID } from 'node:crypto'
import type { SeenContainer } from '@/agent/engines/engine'
import type { DesiredReplica } from '@/core/agents/protocol'
import { noRestarts } from '@/core/deployments/restart'

export const aReplica = (overrides: Partial<DesiredReplica> = {}): DesiredReplica => ({
  replicaId: randomUUID(),
  deploymentId: randomUUID(),
  deploymentName: 'web-api',
  slot: 0,
  generation: 1,
  wanted: 'run',
  revision: 1,
  image: 'sim/ok',
  imageContent: null,
  resolvesImage: true,
  pullsAnew: false,
  cpuMillis: 500,
  memoryMb: 512,
  gpuUnits: 0,
  storageGb: 10,
  ports: [],
  env: {},
  restarts: noRestarts,
  ...overrides,
})

export const aContainer = (of: DesiredReplica, overrides: Partial<SeenContainer> = {}): SeenContainer => ({
  id: randomUUID().replaceAll('-', ''),
  nodeId: 'node',
  deploymentId: of.deploymentId,
  replicaId: of.replicaId,
  slot: of.slot,
  generation: of.generation,
  state: 'running',
  health: null,
  createdAt: 0,
  ...overrides,
})

/**
 * Waits until `check` returns something other than false, null or undefined, and returns that. Throws after `timeoutMs`
 * milliseconds, even when a call of `check` never ends.
 */
export const until = async <Value>(
  check: () => Value | Promise<Value>,
  { timeoutMs = 10_000, what = String(check) }: { timeoutMs?: number; what?: string } = {},
): Promise<NonNullable<Value>> => {
  let timer: NodeJS.Timeout | undefined
  let isLate = false
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isLate = true
      reject(new Error(`did not come true within ${timeoutMs} ms: ${what}`))
    }, timeoutMs)
  })
  const polling = async (): Promise<NonNullable<Value>> => {
    for (;;) {
      const value = await check()
      if (value !== null && value !== undefined && value !== false) return value
      if (isLate) return late
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  try {
    return await Promise.race([polling(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Fetches a page from a container. A request that hangs is retried after 2 s. */
export const pageAt = (url: string): Promise<Response> =>
  until(() => fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null), {
    timeoutMs: 30_000,
    what: `an answer from ${url}`,
  })
