import { defaultPolicy, type Policy } from './placement'

/** What administrators can set for the whole installation. */
export interface Settings {
  /** How nodes are scored for deployments that don't say. */
  policy: Policy
  /** Days for which decisions and the fleet journal are kept. */
  decisionRetentionDays: number
}

export const defaultSettings: Settings = { policy: defaultPolicy, decisionRetentionDays: 90 }
