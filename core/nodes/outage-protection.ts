/**
 * Outage protection: when much of a region goes offline at once, a network outage is more likely than dead machines,
 * and moving every replica would make things worse. server/store/node-loss/outage-protection.ts stores its state.
 */

/** Nodes that go offline within this time of each other belong to one outage. */
export const outageWindowSeconds = 60

/** Outages of fewer nodes do not count, even if the region has no other nodes. */
const outageMinimumNodes = 3

const outageCauses = ['region', 'fleet'] as const
export type OutageCause = (typeof outageCauses)[number]

/** Online and unreachable nodes of one region. Nodes in maintenance do not count at all. */
export interface RegionPulse {
  region: string
  online: number
  offline: number
  /** Those of the unreachable nodes that went offline within the last minute. */
  fresh: number
  /** The protection that is active; `offline` counts the nodes of its outage that are still unreachable. */
  protection: { cause: OutageCause; offline: number } | null
}

/** `overridden`: a person has overridden the active protection. */
export interface JudgedPulse extends RegionPulse {
  overridden: boolean
}

interface OutageJudgement {
  engage: { region: string; cause: OutageCause }[]
  release: string[]
}

const sum = (pulses: readonly RegionPulse[], pick: (pulse: RegionPulse) => number): number =>
  pulses.reduce((total, pulse) => total + pick(pulse), 0)

/** Number of unreachable nodes in the present outage, which may be under protection already. */
const ofOutage = (pulse: RegionPulse): number => pulse.protection?.offline ?? pulse.fresh

const isOutage = (offline: number, online: number): boolean => offline >= outageMinimumNodes && offline > online

/**
 * Decides where protection starts and where it ends. Nodes that were unreachable before the outage do not count: "half"
 * means half of the nodes that were online. Without any online node, replicas have nowhere to go, so protection covers
 * every region with an unreachable node.
 */
export function judgeOutages(pulses: readonly RegionPulse[]): OutageJudgement {
  const online = sum(pulses, (pulse) => pulse.online)
  const nobody = online === 0
  const fleetOutage = isOutage(sum(pulses, ofOutage), online)
  const byFleet = (pulse: RegionPulse): boolean => (nobody && pulse.offline > 0) || (fleetOutage && ofOutage(pulse) > 0)
  const judgement: OutageJudgement = { engage: [], release: [] }
  for (const pulse of pulses) {
    const { region, protection } = pulse
    if (protection === null) {
      if (isOutage(pulse.fresh, pulse.online)) judgement.engage.push({ region, cause: 'region' })
      else if (byFleet(pulse)) judgement.engage.push({ region, cause: 'fleet' })
      continue
    }
    const goesOn = protection.cause === 'region' && protection.offline > pulse.online
    if (!goesOn && !byFleet(pulse)) judgement.release.push(region)
  }
  return judgement
}

/** Returns the regions that would be guarded if these numbers of online nodes, by region, went offline together. */
export function heldIfOffline(
  pulses: readonly JudgedPulse[],
  unreachable: ReadonlyMap<string, number>,
): { region: string; cause: OutageCause; offline: number; nodes: number }[] {
  const then = pulses.map((pulse): JudgedPulse => {
    const more = unreachable.get(pulse.region) ?? 0
    return {
      ...pulse,
      online: pulse.online - more,
      offline: pulse.offline + more,
      fresh: pulse.fresh + more,
      protection: pulse.protection && { ...pulse.protection, offline: pulse.protection.offline + more },
    }
  })
  const { engage, release } = judgeOutages(then)
  const engaged = new Map(engage.map(({ region, cause }) => [region, cause]))
  return then.flatMap(({ region, protection, overridden, offline, online }) => {
    const holds = protection && !overridden && !release.includes(region)
    const cause = engaged.get(region) ?? (holds ? protection.cause : undefined)
    return cause === undefined ? [] : [{ region, cause, offline, nodes: offline + online }]
  })
}

/** "40 of 60 nodes of eu-west are offline" */
export const outageMessage = ({
  region,
  offline,
  nodes,
}: {
  region: string
  offline: number
  nodes: number
}): string =>
  nodes === 1 ? `The only node of ${region} is offline` : `${offline} of ${nodes} nodes of ${region} are offline`
