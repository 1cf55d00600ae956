/**
 * What a replica asks for and what a node has, in integers, so that sums of reservations are exact.
 * CPU is counted in thousandths of a core, memory in MB, storage in GB, GPUs in whole units.
 */
export interface Resources {
  cpuMillis: number
  memoryMb: number
  storageGb: number
  gpuUnits: number
}

export const noResources: Resources = { cpuMillis: 0, memoryMb: 0, storageGb: 0, gpuUnits: 0 }

export const subtractResources = (a: Resources, b: Resources): Resources => ({
  cpuMillis: a.cpuMillis - b.cpuMillis,
  memoryMb: a.memoryMb - b.memoryMb,
  gpuUnits: a.gpuUnits - b.gpuUnits,
  storageGb: a.storageGb - b.storageGb,
})

/** Of each resource the smaller amount. */
export const leastResources = (a: Resources, b: Resources): Resources => ({
  cpuMillis: Math.min(a.cpuMillis, b.cpuMillis),
  memoryMb: Math.min(a.memoryMb, b.memoryMb),
  gpuUnits: Math.min(a.gpuUnits, b.gpuUnits),
  storageGb: Math.min(a.storageGb, b.storageGb),
})

export const addResources = (a: Resources, b: Resources): Resources => ({
  cpuMillis: a.cpuMillis + b.cpuMillis,
  memoryMb: a.memoryMb + b.memoryMb,
  storageGb: a.storageGb + b.storageGb,
  gpuUnits: a.gpuUnits + b.gpuUnits,
})

export const resourceKinds = ['cpu', 'memory', 'storage', 'gpu'] as const
export type ResourceKind = (typeof resourceKinds)[number]

/** Cores (fractions allowed) to thousandths of a core. */
export const millisOfCores = (cores: number): number => Math.round(cores * 1000)
export const coresOfMillis = (millis: number): number => millis / 1000

/** Limits of one replica's request: the contract of the deploy call. */
export const limits = {
  name: { min: 1, max: 100, pattern: /^[A-Za-z0-9_-]+$/ },
  image: { max: 500 },
  replicas: { min: 1, max: 100 },
  cpu: { min: 0.5, max: 16 },
  memory: { min: 512, max: 16384 },
  gpu: { min: 0, max: 8, default: 0 },
  storage: { min: 1, max: 1000, default: 10 },
} as const

/** Of deployments in the queue: 0..100, the higher first. */
export const priorities = { min: 0, max: 100, default: 50 } as const

export const deploymentTypes = ['compute', 'storage', 'gateway'] as const
export type DeploymentType = (typeof deploymentTypes)[number]

/** Cores as people write them, with at least one decimal: "2.0", "0.25". */
export const coresText = (millis: number): string =>
  millis % 100 === 0 ? (millis / 1000).toFixed(1) : String(coresOfMillis(millis))

const bareTexts: Record<ResourceKind, (amount: number) => string> = {
  cpu: coresText,
  memory: (mb) => `${mb} MB`,
  storage: (gb) => `${gb} GB`,
  gpu: String,
}

/** An amount where the sentence has named the resource already: "2.0", "2048 MB", "20 GB", "1". */
export const bareAmountText = (kind: ResourceKind, amount: number): string => bareTexts[kind](amount)

const amountTexts: Record<ResourceKind, (amount: number) => string> = {
  cpu: (millis) => `${coresText(millis)} CPU`,
  memory: (mb) => `${mb} MB of memory`,
  storage: (gb) => `${gb} GB of storage`,
  gpu: (units) => (units === 0 ? 'no GPU' : units === 1 ? '1 GPU' : `${units} GPUs`),
}

/** An amount of one resource in its own unit: "2.0 CPU", "2048 MB of memory", "20 GB of storage", "1 GPU". */
export const amountText = (kind: ResourceKind, amount: number): string => amountTexts[kind](amount)

/** The field of `Resources` that counts a resource. */
export const resourceFields = {
  cpu: 'cpuMillis',
  memory: 'memoryMb',
  storage: 'storageGb',
  gpu: 'gpuUnits',
} as const satisfies Record<ResourceKind, keyof Resources>
