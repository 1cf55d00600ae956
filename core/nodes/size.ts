import { amountText, type Resources, resourceFields, resourceKinds } from '@/core/placement/resources'

/** The reported capacity of each resource that is smaller than its reservations; null for the others. */
export type ReportedSize = { [Field in keyof Resources]: number | null }

/**
 * Returns the message for a node whose machine came back with less capacity than is reserved; null for any other node.
 * `isGpuOnly`: only GPUs are short, so replicas without a GPU still fit.
 */
export function shortfallOf(reported: ReportedSize, reserved: Resources): { text: string; isGpuOnly: boolean } | null {
  const short = resourceKinds.flatMap((kind) => {
    const size = reported[resourceFields[kind]]
    return size === null ? [] : [{ kind, size, held: reserved[resourceFields[kind]] }]
  })
  if (short.length === 0) return null
  const isGpuOnly = short.every(({ kind }) => kind === 'gpu')
  const sizes = short.map(({ kind, size }) => amountText(kind, size)).join(', ')
  const held = short.map(({ kind, held }) => amountText(kind, held)).join(', ')
  const barred = isGpuOnly ? 'no new replicas with a GPU' : 'no new replicas'
  return {
    text: `This machine reported ${sizes}, but its replicas reserve ${held}: ${barred} until they fit`,
    isGpuOnly,
  }
}
