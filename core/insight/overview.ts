/** The data of the overview page. Times are ISO 8601 strings; ids are UUIDs. */

export interface DeploymentProblem {
  id: string
  name: string
  reason: string
  /** Null when unknown. */
  since: string | null
}

export interface NodeProblem {
  id: string
  nodeId: string
  region: string
  /** How many replicas it should run. */
  replicas: number
  /** The engine's message; null for an unreachable node. */
  reason: string | null
  /** The last heartbeat; null when there never was one. */
  since: string | null
}

export interface RegionUse {
  region: string
  nodes: number
  offline: number
  cpuMillis: number
  reservedCpuMillis: number
  memoryMb: number
  reservedMemoryMb: number
  /** Usage of the online nodes, weighted by their size; null when none is online. */
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
  /** Deployments that wait for capacity; `replicas` is the total number of replicas. */
  unplaced: Problems<DeploymentProblem> & { replicas: number }
  offline: Problems<NodeProblem>
  /** Online nodes that cannot run containers. */
  broken: Problems<NodeProblem>
  /** Number of evaluations whose retries are exhausted. */
  dead: number
  regions: RegionUse[]
  deployments: number
  /** How many of them run. */
  running: number
  replicas: { running: number; wanted: number }
}
