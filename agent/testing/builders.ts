/** Builders for tests: say what matters, the rest is ordinary. */
import { randomUUID } from 'node:crypto'
import type { WantedReplica } from '@/server/domain/agent-protocol'
import { noRestarts } from '@/server/domain/restart'
import type { SeenContainer } from '../engine'

export const aReplica = (overrides: Partial<WantedReplica> = {}): WantedReplica => ({
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

export const aContainer = (of: WantedReplica, overrides: Partial<SeenContainer> = {}): SeenContainer => ({
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

/** Waits until `check` answers something other than false, null or undefined, and hands it out. */
export const until = async <Value>(
  check: () => Value | Promise<Value>,
  { timeoutMs = 10_000, what = String(check) }: { timeoutMs?: number; what?: string } = {},
): Promise<NonNullable<Value>> => {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = await check()
    if (value !== null && value !== undefined && value !== false) return value
    if (Date.now() > end) throw new Error(`did not come true within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
