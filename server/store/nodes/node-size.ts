import { type ReportedSize, shortfallOf } from '@/core/nodes/size'
import {
  amountText,
  coresText,
  memoryText,
  millisOfCores,
  type Resources,
  storageText,
} from '@/core/placement/resources'
import type { NodeEvent } from './node-rows'

/** The size of a node, as in its row. */
export interface SizeRow {
  id: string
  cpu_cores: number
  memory_mb: number
  storage_gb: number
  gpu_available: number
  reserved_cpu_millis: number
  reserved_memory_mb: number
  reserved_storage_gb: number
  reserved_gpu: number
  reported_cpu_cores: number | null
  reported_memory_mb: number | null
  reported_storage_gb: number | null
  reported_gpu: number | null
}

/** The columns of a SizeRow. */
export const sizeColumns = (node: string): string =>
  [
    ...['id', 'cpu_cores', 'memory_mb', 'storage_gb', 'gpu_available'],
    ...['reserved_cpu_millis', 'reserved_memory_mb', 'reserved_storage_gb', 'reserved_gpu'],
    ...['reported_cpu_cores', 'reported_memory_mb', 'reported_storage_gb', 'reported_gpu'],
  ]
    .map((column) => `${node}.${column}`)
    .join(', ')

const reportedSize = (row: Pick<SizeRow, `reported_${string}` & keyof SizeRow>): ReportedSize => ({
  cpuMillis: row.reported_cpu_cores === null ? null : millisOfCores(row.reported_cpu_cores),
  memoryMb: row.reported_memory_mb,
  storageGb: row.reported_storage_gb,
  gpuUnits: row.reported_gpu,
})

const shortfall = (row: SizeRow): string | null =>
  shortfallOf(reportedSize(row), {
    cpuMillis: row.reserved_cpu_millis,
    memoryMb: row.reserved_memory_mb,
    storageGb: row.reserved_storage_gb,
    gpuUnits: row.reserved_gpu,
  })?.text ?? null

/** Of nodes that have just joined, those that are smaller than their reservations. */
export const tooSmallEvents = (rows: SizeRow[]): NodeEvent[] =>
  rows.flatMap((row) => {
    const detail = shortfall(row)
    return detail === null ? [] : [{ nodeId: row.id, kind: 'resized' as const, detail, actor: 'agent' }]
  })

/** "4 cores, 8 GiB memory, 100 GiB storage, 1 GPU"; GPUs only if there are any. */
export const sizeText = (node: Omit<Resources, 'cpuMillis'> & { cpuCores: number }): string =>
  [
    coresText(millisOfCores(node.cpuCores)),
    `${memoryText(node.memoryMb)} memory`,
    `${storageText(node.storageGb)} storage`,
    ...(node.gpuUnits > 0 ? [amountText('gpu', node.gpuUnits)] : []),
  ].join(', ')

/** Events of nodes whose capacity shrank with their reservations. */
export const shrunkEvents = (rows: SizeRow[]): NodeEvent[] =>
  rows.map((row) => {
    const size = sizeText({
      cpuCores: row.cpu_cores,
      memoryMb: row.memory_mb,
      storageGb: row.storage_gb,
      gpuUnits: row.gpu_available,
    })
    const rest = shortfall(row) ?? 'What is reserved fits the size that this machine reported'
    return { nodeId: row.id, kind: 'resized', detail: `Counts as ${size} now. ${rest}`, actor: 'scheduler' }
  })
