/** Nodes into columns and back. */

import { schedulableNodeStatuses } from '@/core/placement/node-status'
import type { Resources } from '@/core/placement/resources'
import type { FleetNode } from '@/core/placement/types'
import type { Columns } from './memory'

const takesReplicas = (node: FleetNode): boolean =>
  schedulableNodeStatuses.includes(node.status) && node.engineError === null && !node.cordoned && !node.draining

const at = (column: Float64Array, slot: number): number => column[slot] ?? 0
const orInfinite = (value: number | null): number => value ?? Number.POSITIVE_INFINITY

export function writeNode(columns: Columns, slot: number, node: FleetNode): void {
  const { capacity, reserved } = node
  columns.cpuCapacity[slot] = capacity.cpuMillis > 0 ? capacity.cpuMillis : Number.POSITIVE_INFINITY
  columns.memoryCapacity[slot] = capacity.memoryMb > 0 ? capacity.memoryMb : Number.POSITIVE_INFINITY
  columns.cpuInverse[slot] = 1 / at(columns.cpuCapacity, slot)
  columns.memoryInverse[slot] = 1 / at(columns.memoryCapacity, slot)
  columns.cpuFree[slot] = capacity.cpuMillis - reserved.cpuMillis
  columns.memoryFree[slot] = capacity.memoryMb - reserved.memoryMb
  columns.storageFree[slot] = capacity.storageGb - reserved.storageGb
  columns.gpuFree[slot] = capacity.gpuUnits - reserved.gpuUnits
  columns.cpuUsage[slot] = orInfinite(node.cpuUsagePercent)
  columns.memoryUsage[slot] = orInfinite(node.memoryUsagePercent)
  columns.cpuUnseen[slot] = node.unseen.cpuMillis
  columns.memoryUnseen[slot] = node.unseen.memoryMb
  columns.gate[slot] = takesReplicas(node) ? 0 : Number.NEGATIVE_INFINITY
}

const orNull = (value: number): number | null => (value === Number.POSITIVE_INFINITY ? null : value)

/** The node with what the columns know of it now. */
export function readNode(columns: Columns, slot: number, node: FleetNode): FleetNode {
  const { capacity } = node
  return {
    ...node,
    reserved: {
      cpuMillis: capacity.cpuMillis - at(columns.cpuFree, slot),
      memoryMb: capacity.memoryMb - at(columns.memoryFree, slot),
      storageGb: capacity.storageGb - at(columns.storageFree, slot),
      gpuUnits: capacity.gpuUnits - at(columns.gpuFree, slot),
    },
    cpuUsagePercent: orNull(at(columns.cpuUsage, slot)),
    memoryUsagePercent: orNull(at(columns.memoryUsage, slot)),
    unseen: { cpuMillis: at(columns.cpuUnseen, slot), memoryMb: at(columns.memoryUnseen, slot) },
  }
}

/** What a heartbeat brings. */
export interface Usage {
  /** Percent; null when unknown. */
  cpuUsagePercent: number | null
  memoryUsagePercent: number | null
  /** What is left of the load that no heartbeat has seen; as before when it is not given. */
  unseen?: FleetNode['unseen']
}

export function writeUsage(columns: Columns, slot: number, usage: Usage): void {
  columns.cpuUsage[slot] = orInfinite(usage.cpuUsagePercent)
  columns.memoryUsage[slot] = orInfinite(usage.memoryUsagePercent)
  if (!usage.unseen) return
  columns.cpuUnseen[slot] = usage.unseen.cpuMillis
  columns.memoryUnseen[slot] = usage.unseen.memoryMb
}

/** A change of what is promised: `sign` 1 adds it, -1 takes it back. */
interface Promised {
  resources: Resources
  sign: 1 | -1
}

const add = (column: Float64Array, slot: number, amount: number): void => {
  column[slot] = (column[slot] ?? 0) + amount
}

export function addReservation(columns: Columns, slot: number, { resources, sign }: Promised): void {
  add(columns.cpuFree, slot, -sign * resources.cpuMillis)
  add(columns.memoryFree, slot, -sign * resources.memoryMb)
  add(columns.storageFree, slot, -sign * resources.storageGb)
  add(columns.gpuFree, slot, -sign * resources.gpuUnits)
}

/** Load that no heartbeat has seen. */
export function addUnseen(columns: Columns, slot: number, { resources, sign }: Promised): void {
  add(columns.cpuUnseen, slot, sign * resources.cpuMillis)
  add(columns.memoryUnseen, slot, sign * resources.memoryMb)
}

/** The same changes for a node that is not in columns. */
export function withPromise(node: FleetNode, { resources, sign, unseen }: Promised & { unseen: boolean }): FleetNode {
  const { reserved } = node
  return {
    ...node,
    reserved: {
      cpuMillis: reserved.cpuMillis + sign * resources.cpuMillis,
      memoryMb: reserved.memoryMb + sign * resources.memoryMb,
      storageGb: reserved.storageGb + sign * resources.storageGb,
      gpuUnits: reserved.gpuUnits + sign * resources.gpuUnits,
    },
    unseen: {
      cpuMillis: node.unseen.cpuMillis + (unseen ? sign * resources.cpuMillis : 0),
      memoryMb: node.unseen.memoryMb + (unseen ? sign * resources.memoryMb : 0),
    },
  }
}
