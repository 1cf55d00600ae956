/** The settings of `npm run agent`. They are saved beside the identity, so that a restart needs no flags. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defaultSocket } from '@/agent/engines/docker/engine'
import type { EngineInfo } from '@/agent/engines/engine'
import { readText, writeAtomic } from '@/agent/lib/files'
import type { NodeDescription } from '@/core/agents/protocol'
import { choiceFlag, FlagError, isName, labelFlags, listFlag, nameFlag, numberFlag, textFlag } from './flags'

type Flags = Parameters<typeof textFlag>[0]

export interface Settings {
  name?: string | undefined
  region?: string | undefined
  type?: string | undefined
  labels?: Record<string, string> | undefined
  engine?: 'docker' | 'simulated' | undefined
  socket?: string | undefined
  usage?: 'host' | 'containers' | undefined
  cpuCores?: number | undefined
  memoryMb?: number | undefined
  storageGb?: number | undefined
  gpuUnits?: number | undefined
  location?: { latitude: number; longitude: number } | undefined
}

export const settingsOfFlags = (flags: Flags): Settings => {
  const region = textFlag(flags, 'region')
  if (region !== undefined && !isName(region))
    throw new FlagError(`--region must be a name such as us-east, not "${region}"`)
  const type = textFlag(flags, 'type')
  if (type !== undefined && !/^[a-z0-9_-]{1,40}$/.test(type)) {
    throw new FlagError(`--type must be 1 to 40 lower-case letters, digits, dashes or underscores, not "${type}"`)
  }
  return {
    name: nameFlag(flags, 'name'),
    region,
    type,
    labels: listFlag(flags, 'label').length > 0 ? labelFlags(flags) : undefined,
    engine: choiceFlag(flags, 'engine', ['docker', 'simulated']),
    socket: textFlag(flags, 'socket')?.replace(/^unix:\/\//, ''),
    usage: choiceFlag(flags, 'usage', ['host', 'containers']),
    cpuCores: numberFlag(flags, 'cpu', { min: 0.1, max: 4096 }),
    memoryMb: numberFlag(flags, 'memory', { min: 64, max: 2 ** 30, whole: true }),
    storageGb: numberFlag(flags, 'storage', { min: 1, max: 2 ** 30, whole: true }),
    gpuUnits: numberFlag(flags, 'gpu', { min: 0, max: 1024, whole: true }),
    location: locationFlag(flags),
  }
}

/** Flags override settings of earlier starts. */
export const merged = (before: Settings, now: Settings): Settings => ({
  ...before,
  ...Object.fromEntries(Object.entries(now).filter(([, value]) => value !== undefined)),
})

const fileIn = (dataDir: string): string => join(dataDir, 'settings.json')

export const readSettings = async (dataDir: string): Promise<Settings> => {
  const text = await readText(fileIn(dataDir))
  // Only writeSettings writes this file, so its shape is trusted.
  return text === null ? {} : (JSON.parse(text) as Settings)
}

export const writeSettings = (dataDir: string, settings: Settings): Promise<void> =>
  writeAtomic(fileIn(dataDir), `${JSON.stringify(settings, null, 2)}\n`)

export const describeNode = (name: string, settings: Settings, engine: EngineInfo): NodeDescription => ({
  name,
  region: settings.region ?? 'local',
  type: settings.type ?? 'compute_node',
  labels: { ...engine.labels, ...settings.labels },
  engine: engine.kind,
  engineVersion: engine.version,
  cpuCores: settings.cpuCores ?? engine.cpuCores,
  memoryMb: settings.memoryMb ?? engine.memoryMb,
  storageGb: settings.storageGb ?? engine.storageGb,
  gpuUnits: settings.gpuUnits ?? 0,
  latitude: settings.location?.latitude ?? null,
  longitude: settings.location?.longitude ?? null,
})

/** The engine's socket: from the settings, from DOCKER_HOST, or the first default path that exists. */
export const socketOf = (settings: Settings, env = process.env): string => {
  if (settings.socket) return settings.socket
  if (env.DOCKER_HOST?.startsWith('unix://')) return env.DOCKER_HOST.slice('unix://'.length)
  const runtimeDir = env.XDG_RUNTIME_DIR
  const own = runtimeDir ? [`${runtimeDir}/docker.sock`, `${runtimeDir}/podman/podman.sock`] : []
  return [defaultSocket, ...own, '/run/podman/podman.sock'].find((path) => existsSync(path)) ?? defaultSocket
}

const locationFlag = (flags: Flags): Settings['location'] => {
  const text = textFlag(flags, 'location')
  if (text === undefined) return undefined
  const [latitude = Number.NaN, longitude = Number.NaN, ...more] = text.split(',').map(Number)
  if (Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 && more.length === 0) return { latitude, longitude }
  throw new FlagError(`--location must be LATITUDE,LONGITUDE in degrees, such as 52.5,13.4, not "${text}"`)
}
