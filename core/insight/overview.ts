/** What the first page shows. Times are ISO 8601 strings; ids are UUIDs. */

export interface DeploymentProblem {
  id: string
  name: string
  reason: string
  /** Null when it is not known. */
  since: string | null
}

export interface NodeProblem {
  id: string
  nodeId: string
  region: string
  /** How many replicas it should run. */
  replicas: number
  /** In the engine's own words; null for a node that is silent. */
  reason: string | null
  /** The last heartbeat; null when there never was one. */
  since: string | null
}

export interface RegionUse {
  region: string
  nodes: number
  silent: number
  cpuMillis: number
  reservedCpuMillis: number
  memoryMb: number
  reservedMemoryMb: number
  /** Of the nodes that are heard, weighted by their size; null when none is. */
  cpuUsagePercent: number | null
  memoryUsagePercent: number | null
  gpus: number
  reservedGpus: number
}

interface Problems<One> {
  count: number
  /** The newest few. */
  newest: One[]
}

export interface Overview {
  failed: Problems<DeploymentProblem>
  /** Some of their replicas run and fail their health check. */
  unhealthy: Problems<DeploymentProblem>
  /** Waiting for capacity; `replicas` is how many in all. */
  unplaced: Problems<DeploymentProblem> & { replicas: number }
  silent: Problems<NodeProblem>
  /** Nodes that are heard and can not run containers. */
  broken: Problems<NodeProblem>
  /** Pieces of scheduling work that were given up. */
  dead: number
  regions: RegionUse[]
  deployments: number
  /** How many of them run. */
  running: number
  replicas: { running: number; wanted: number }
}
