import { defaultPolicy, type Policy } from '@/core/placement/types'

/** How often agents report in, in seconds. Both numbers are one setting, so that they always fit each other. */
export interface Heartbeat {
  /** Agents send one this often. */
  everySeconds: number
  /** A node without a heartbeat for longer than this is offline, and its usage is unknown. */
  limitSeconds: number
}

/** The settings of the installation, which administrators can change. */
export interface Settings {
  /** The policy of deployments that have none of their own. */
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

/** Returns a sentence for each invalid field; an empty object when the setting is valid. */
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

/** Default for deployments: seconds that a node may be offline before its replicas are lost. */
export const defaultLostAfterSeconds = 30
export const lostAfterLimits = { min: 0, max: 86_400 } as const

/**
 * Seconds without a heartbeat before any replica is lost, whatever its deployment says. Nodes that fail together are
 * marked offline within one heartbeat interval of each other; only then one node can be distinguished from an outage.
 */
export const earliestLossSeconds = ({ everySeconds, limitSeconds }: Heartbeat): number =>
  limitSeconds + everySeconds + 2
