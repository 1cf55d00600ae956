/**
 * Amounts of resources as integers, so that sums of reservations are exact. CPU is in thousandths of a core, memory in
 * MiB, storage in GiB, GPUs in whole units; the names with `Mb` and `Gb` are those of the tables and of the REST API.
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

/** Returns the smaller amount of each resource. */
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

/** Converts cores (fractions allowed) to thousandths of a core. */
export const millisOfCores = (cores: number): number => Math.round(cores * 1000)
export const coresOfMillis = (millis: number): number => millis / 1000

/** Limits of a deployment, as documented for the deploy call. */
export const limits = {
  name: { min: 1, max: 100, pattern: /^[A-Za-z0-9_-]+$/ },
  image: { max: 500 },
  replicas: { min: 1, max: 100 },
  cpu: { min: 0.5, max: 16 },
  memory: { min: 512, max: 16384 },
  gpu: { min: 0, max: 8, default: 0 },
  storage: { min: 1, max: 1000, default: 10 },
} as const

/** Priorities of deployments in the queue: 0..100, higher ones first. */
export const priorities = { min: 0, max: 100, default: 50 } as const

export const deploymentTypes = ['compute', 'storage', 'gateway'] as const
export type DeploymentType = (typeof deploymentTypes)[number]

const trimmed = (value: number, digits: number): string => String(Number(value.toFixed(digits)))

/** Formats a number of cores without the unit: "0.5", "2". */
export const coresNumber = (millis: number): string => trimmed(coresOfMillis(millis), 3)

/** "1 core", "0.5 cores", "2.5 cores" */
export const coresText = (millis: number): string => `${coresNumber(millis)} ${millis === 1000 ? 'core' : 'cores'}`

/** Formats an amount in the larger unit if two decimals are exact, else in the smaller unit. */
const binaryText = (amount: number, unit: string, larger: string): string =>
  Math.abs(amount) >= 1024 && amount % 256 === 0 ? `${amount / 1024} ${larger}` : `${amount} ${unit}`

/** Formats an exact amount: "512 MiB", "1.5 GiB", "1472 MiB". For requests, and wherever amounts are compared. */
export const memoryText = (mib: number): string => binaryText(mib, 'MiB', 'GiB')
export const storageText = (gib: number): string => binaryText(gib, 'GiB', 'TiB')

/** Formats an amount rounded to a tenth of its unit, for bars and columns: 7873 becomes "7.7 GiB". */
export function roundMemoryText(mib: number): string {
  if (Math.abs(mib) < 1024) return `${trimmed(mib, 0)} MiB`
  const gib = mib / 1024
  return gib < 1024 ? `${trimmed(gib, 1)} GiB` : `${trimmed(gib / 1024, 1)} TiB`
}

const quantityTexts: Record<ResourceKind, (amount: number) => string> = {
  cpu: coresText,
  memory: memoryText,
  storage: storageText,
  gpu: String,
}

/** Formats an amount next to the name of its resource: "2 cores", "1.5 GiB", "20 GiB", "1". */
export const quantityText = (kind: ResourceKind, amount: number): string => quantityTexts[kind](amount)

/** Formats an amount for a sentence that has already named "cores": "2", "1.5 GiB", "20 GiB", "1". */
export const bareAmountText = (kind: ResourceKind, amount: number): string =>
  kind === 'cpu' ? coresNumber(amount) : quantityText(kind, amount)

const amountTexts: Record<ResourceKind, (amount: number) => string> = {
  cpu: coresText,
  memory: (mib) => `${memoryText(mib)} of memory`,
  storage: (gib) => `${storageText(gib)} of storage`,
  gpu: (units) => (units === 0 ? 'no GPU' : units === 1 ? '1 GPU' : `${units} GPUs`),
}

/** Formats an amount with its resource: "2 cores", "1.5 GiB of memory", "20 GiB of storage", "1 GPU". */
export const amountText = (kind: ResourceKind, amount: number): string => amountTexts[kind](amount)

/** The field of `Resources` that counts a resource. */
export const resourceFields = {
  cpu: 'cpuMillis',
  memory: 'memoryMb',
  storage: 'storageGb',
  gpu: 'gpuUnits',
} as const satisfies Record<ResourceKind, keyof Resources>
