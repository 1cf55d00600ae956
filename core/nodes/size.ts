import { amountText, type Resources, resourceFields, resourceKinds } from '@/core/placement/resources'

/** What a node's machine reported of those resources of which more is reserved; null of the others. */
export type ReportedSize = { [Field in keyof Resources]: number | null }

/**
 * What to say of a node whose machine came back smaller than what is reserved on it; null of any other. Replicas without
 * a GPU still fit on it when only GPUs are short.
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
