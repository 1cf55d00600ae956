/** A node as the fleet journal keeps it: what it is, and the numbers that change all the time. */
import type { RecordedPort } from '@/core/placement/host-ports'
import type { FleetNode } from '@/core/placement/types'

/** Without what depends on the decision (ages then, the deployment's own replicas). */
export interface JournalNode extends Omit<FleetNode, 'heartbeatAgeMs' | 'ownReplicas' | 'takenPorts'> {
  /** Absent when every host port is free. */
  takenPorts?: RecordedPort[]
  /** Milliseconds since 1970; null when there never was a heartbeat. */
  lastHeartbeatMs: number | null
}

export const numberFields = [
  'lastHeartbeatMs',
  'cpuUsagePercent',
  'memoryUsagePercent',
  'reserved.cpuMillis',
  'reserved.memoryMb',
  'reserved.storageGb',
  'reserved.gpuUnits',
  'unseen.cpuMillis',
  'unseen.memoryMb',
] as const

export type NumberField = (typeof numberFields)[number]

export function readNumber(node: JournalNode, field: NumberField): number | null {
  switch (field) {
    case 'lastHeartbeatMs':
    case 'cpuUsagePercent':
    case 'memoryUsagePercent':
      return node[field]
    case 'reserved.cpuMillis':
      return node.reserved.cpuMillis
    case 'reserved.memoryMb':
      return node.reserved.memoryMb
    case 'reserved.storageGb':
      return node.reserved.storageGb
    case 'reserved.gpuUnits':
      return node.reserved.gpuUnits
    case 'unseen.cpuMillis':
      return node.unseen.cpuMillis
    case 'unseen.memoryMb':
      return node.unseen.memoryMb
  }
}

/** Only for a node that nobody else looks at. */
export function writeNumber(node: JournalNode, field: NumberField, value: number | null): void {
  switch (field) {
    case 'lastHeartbeatMs':
    case 'cpuUsagePercent':
    case 'memoryUsagePercent':
      node[field] = value
      break
    default: {
      const [outer, inner] = field.split('.') as ['reserved' | 'unseen', 'cpuMillis' | 'memoryMb']
      node[outer][inner] = value ?? 0
    }
  }
}

/** Steps to the unit: usage is measured in tenths of a percent. */
const stepsPerUnit = (field: NumberField): number =>
  field === 'cpuUsagePercent' || field === 'memoryUsagePercent' ? 10 : 1
/** Units to the step: heartbeats are noted by the second. */
const unitsPerStep = (field: NumberField): number => (field === 'lastHeartbeatMs' ? 1000 : 1)

/** The value in whole steps; null when it is null, or lies between two steps. */
export function stepsOf(field: NumberField, value: number | null): number | null {
  if (value === null) return null
  const steps = Math.round((value * stepsPerUnit(field)) / unitsPerStep(field))
  return Number.isSafeInteger(steps) && valueOfSteps(field, steps) === value ? steps : null
}

export const valueOfSteps = (field: NumberField, steps: number): number =>
  (steps * unitsPerStep(field)) / stepsPerUnit(field)

const withNumbers = ['lastHeartbeatMs', 'cpuUsagePercent', 'memoryUsagePercent', 'reserved', 'unseen'] as const

/** What a node is: all that changes rarely. */
type NodeNature = Omit<JournalNode, (typeof withNumbers)[number]>

export function withoutNumbers(node: JournalNode): NodeNature {
  const { lastHeartbeatMs: _1, cpuUsagePercent: _2, memoryUsagePercent: _3, reserved: _4, unseen: _5, ...nature } = node
  return nature
}

/** Whether two values of plain data say the same. */
export function isAlike(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => isAlike((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  )
}
