/** Translates containers to and from the API of Docker and Podman. */

import type {
  ContainerHealth,
  ContainerSpec,
  ContainerState,
  InspectedContainer,
  SeenContainer,
} from '@/agent/engines/engine'
import { containerLabels } from '@/core/agents/protocol'
import { isRecord } from './http'
import { engineReference } from './image'

/** Properties of an engine that container settings depend on. */
export interface EngineTraits {
  kind: 'docker' | 'podman'
  /** The machine's processors: engines refuse a higher limit. */
  cpuMillis: number
  /** Whether the engine has an init program to run as a container's first process. */
  hasInit: boolean
}

/**
 * The capabilities that a container keeps; all others are dropped. The official nginx and PostgreSQL images start with
 * these.
 */
export const keptCapabilities = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'SETUID',
  'SETGID',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'KILL',
] as const

const pidsLimit = 4096

/**
 * Keeps about the newest 30 MiB of a container's log on the node. Podman keeps one file, and truncates it when it is
 * full.
 */
const logConfigs = {
  docker: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
  podman: { Type: 'k8s-file', Config: { 'max-size': '30m' } },
} as const satisfies Record<EngineTraits['kind'], unknown>

/** The body of POST /containers/create, with the safe defaults that every container has. */
export const createBody = (spec: ContainerSpec, traits: EngineTraits): Record<string, unknown> => ({
  Image: engineReference(spec.image),
  Labels: spec.labels,
  Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
  ExposedPorts: Object.fromEntries(spec.ports.map((port) => [`${port.container}/tcp`, {}])),
  HostConfig: {
    NanoCpus: Math.min(spec.cpuMillis, traits.cpuMillis) * 1_000_000,
    Memory: spec.memoryMb * 1024 * 1024,
    // Equal to the memory limit, so no swap. By default engines allow as much swap again.
    MemorySwap: spec.memoryMb * 1024 * 1024,
    PidsLimit: pidsLimit,
    CapDrop: ['ALL'],
    CapAdd: keptCapabilities,
    SecurityOpt: ['no-new-privileges'],
    LogConfig: logConfigs[traits.kind],
    ...(traits.hasInit ? { Init: true } : {}),
    // The agent and the control plane decide about restarts, not the engine.
    RestartPolicy: { Name: 'no' },
    PortBindings: bindings(spec.ports),
    ...(spec.gpuUnits > 0 ? { DeviceRequests: [{ Count: spec.gpuUnits, Capabilities: [['gpu']] }] } : {}),
  },
})

/** An empty host port means any free port. The same container port may be published more than once. */
const bindings = (ports: ContainerSpec['ports']): Record<string, { HostPort: string }[]> => {
  const map: Record<string, { HostPort: string }[]> = {}
  for (const port of ports) {
    const key = `${port.container}/tcp`
    map[key] = [...(map[key] ?? []), { HostPort: port.host === null ? '' : String(port.host) }]
  }
  return map
}

/** Parses an entry of GET /containers/json; null when its labels are not those of a replica. */
export const seenOfListed = (entry: unknown): SeenContainer | null => {
  if (!isRecord(entry)) return null
  const state = stateOf(text(entry.State))
  return ownership(text(entry.Id), entry.Labels, {
    state,
    // A list has no field for health; the status text shows it: "Up 3 seconds (healthy)".
    health: state === 'running' ? healthOf(text(entry.Status)) : null,
    createdAt: Number(entry.Created) * 1000 || 0,
  })
}

/** Parses the answer of GET /containers/{id}/json; null when its labels are not those of a replica. */
export const inspectedOf = (answer: unknown): InspectedContainer | null => {
  if (!isRecord(answer)) return null
  const state = isRecord(answer.State) ? answer.State : {}
  const config = isRecord(answer.Config) ? answer.Config : {}
  const network = isRecord(answer.NetworkSettings) ? answer.NetworkSettings : {}
  // Podman 4 calls the field Healthcheck, Docker calls it Health.
  const health = isRecord(state.Health) ? state.Health : isRecord(state.Healthcheck) ? state.Healthcheck : {}
  const status = stateOf(text(state.Status))
  const seen = ownership(text(answer.Id), config.Labels, {
    state: status,
    health: status === 'running' ? healthOf(text(health.Status)) : null,
    createdAt: Date.parse(text(answer.Created)) || 0,
  })
  if (!seen) return null
  const error = text(state.Error)
  const lastCheck: unknown = Array.isArray(health.Log) ? health.Log.at(-1) : null
  return {
    ...seen,
    // A container that could not start stays "created" with an error and a code.
    exitCode:
      (status === 'exited' || status === 'removing' || error) && typeof state.ExitCode === 'number'
        ? state.ExitCode
        : null,
    oomKilled: state.OOMKilled === true,
    env: environmentOf(config.Env),
    error,
    startedAt: timeOf(state.StartedAt),
    finishedAt: timeOf(state.FinishedAt),
    checkOutput: isRecord(lastCheck) ? text(lastCheck.Output).trim() : '',
    ports: status === 'running' ? publishedPorts(network.Ports) : [],
  }
}

/** Parses NAME=value entries. */
const environmentOf = (list: unknown): Record<string, string> =>
  Object.fromEntries(
    (Array.isArray(list) ? list : []).flatMap((entry: unknown) => {
      const at = text(entry).indexOf('=')
      return at > 0 ? [[text(entry).slice(0, at), text(entry).slice(at + 1)]] : []
    }),
  )

/** The container's name from an inspection, without Docker's leading slash. */
export const nameOf = (answer: unknown): string => (isRecord(answer) ? text(answer.Name).replace(/^\//, '') : '')

const ownership = (
  id: string,
  labels: unknown,
  rest: Pick<SeenContainer, 'state' | 'health' | 'createdAt'>,
): SeenContainer | null => {
  if (!id || !isRecord(labels) || labels[containerLabels.managed] !== 'true') return null
  const replicaId = text(labels[containerLabels.replica])
  const nodeId = text(labels[containerLabels.node])
  if (!replicaId || !nodeId) return null
  return {
    id,
    nodeId,
    replicaId,
    deploymentId: text(labels[containerLabels.deployment]),
    slot: Number(labels[containerLabels.slot] ?? -1),
    generation: Number(labels[containerLabels.generation] ?? -1),
    ...rest,
  }
}

/** Engines write the year 1 for "never". */
const timeOf = (value: unknown): string | null => {
  const ms = Date.parse(text(value))
  return ms > 0 ? new Date(ms).toISOString() : null
}

/** All container states of Docker and Podman. */
const engineStates = [
  'created',
  'configured',
  'initialized',
  'running',
  'paused',
  'restarting',
  'stopping',
  'stopped',
  'exited',
  'dead',
  'removing',
] as const
type EngineState = (typeof engineStates)[number]

const stateOf = (status: string): ContainerState => {
  const state = engineStates.find((each) => each === status.toLowerCase())
  return state ? meaningOf(state) : 'unknown'
}

const meaningOf = (state: EngineState): ContainerState => {
  switch (state) {
    case 'created':
    // Podman's names for a container that never ran.
    case 'configured':
    case 'initialized':
      return 'created'
    case 'exited':
    // Podman's name for a container that ended and is not cleaned up yet.
    case 'stopped':
      return 'exited'
    // After a failed removal an inspection shows "dead", while a list still shows "removing".
    case 'dead':
      return 'removing'
    case 'running':
    case 'paused':
    case 'restarting':
    case 'stopping':
    case 'removing':
      return state
  }
}

const healthOf = (message: string): ContainerHealth => {
  if (/\bunhealthy\b/.test(message)) return 'unhealthy'
  if (/\bhealthy\b/.test(message)) return 'healthy'
  return /\bstarting\b/.test(message) ? 'starting' : null
}

/** Lists each published port once, although engines list it for IPv4 and for IPv6. */
const publishedPorts = (ports: unknown): { container: number; host: number }[] => {
  if (!isRecord(ports)) return []
  const found = new Map<string, { container: number; host: number }>()
  for (const [key, hosts] of Object.entries(ports)) {
    const container = Number.parseInt(key, 10)
    for (const each of Array.isArray(hosts) ? hosts : []) {
      const host = isRecord(each) ? Number(each.HostPort) : 0
      if (container > 0 && host > 0) found.set(`${container}:${host}`, { container, host })
    }
  }
  return [...found.values()].sort((a, b) => a.container - b.container || a.host - b.host)
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
