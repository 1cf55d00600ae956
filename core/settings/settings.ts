import { defaultPolicy, type Policy } from '@/core/placement/types'

/** How agents show that they live, in seconds. One setting, so that its two halves always fit each other. */
export interface Heartbeat {
  /** Agents send one this often. */
  everySeconds: number
  /** Silent for longer than this: the node is offline and its usage unknown. */
  limitSeconds: number
}

/** What administrators can set for the whole installation. */
export interface Settings {
  /** How nodes are scored for deployments that don't say. */
  policy: Policy
  /** Days for which decisions and the fleet journal are kept. */
  decisionRetentionDays: number
  heartbeat: Heartbeat
  /** Whether deployments that are not deleted may share a name. */
  allowRepeatedNames: boolean
}

export const defaultSettings: Settings = {
  policy: defaultPolicy,
  decisionRetentionDays: 90,
  heartbeat: { everySeconds: 5, limitSeconds: 15 },
  allowRepeatedNames: false,
}

export const heartbeatLimits = { every: { min: 1, max: 60 }, limit: { min: 3, max: 600 } } as const

/** What is wrong with it, as a sentence for each field; nothing when it fits. */
export function heartbeatProblems({ everySeconds, limitSeconds }: Heartbeat): Partial<Record<keyof Heartbeat, string>> {
  const every = outside('The interval', everySeconds, heartbeatLimits.every)
  const limit = outside('The limit', limitSeconds, heartbeatLimits.limit)
  if (every || limit) return { ...(every && { everySeconds: every }), ...(limit && { limitSeconds: limit }) }
  if (limitSeconds >= 2 * everySeconds) return {}
  return {
    limitSeconds: `The limit must be at least twice the interval (${2 * everySeconds} s), so that one heartbeat that is late makes no node offline`,
  }
}

const outside = (what: string, seconds: number, { min, max }: { min: number; max: number }): string | null =>
  Number.isInteger(seconds) && seconds >= min && seconds <= max
    ? null
    : `${what} must be whole seconds from ${min} to ${max}`

/** Seconds of a node's silence after which a deployment's replicas there are lost, if the deployment does not say. */
export const defaultLostAfterSeconds = 30
export const lostAfterLimits = { min: 0, max: 86_400 } as const

/**
 * Nodes that fell silent together are marked offline within one heartbeat interval of each other. Nothing is declared
 * lost before that, whatever a deployment says: only then it shows whether it is one node or a storm.
 */
export const earliestLossSeconds = ({ everySeconds, limitSeconds }: Heartbeat): number =>
  limitSeconds + everySeconds + 2
