/**
 * The storm brake: when much of a region falls silent at once, the line is cut rather than the machines dead, and
 * moving everything would make it worse. Pure; server/store/node-loss/outage-protection.ts reads and writes.
 */

/** Silences that begin within this time of each other are one storm. */
export const outageWindowSeconds = 60

/** Fewer nodes than this are replaced one by one, also when they are all that a region has. */
const outageMinimumNodes = 3

const outageCauses = ['region', 'fleet'] as const
export type OutageCause = (typeof outageCauses)[number]

/** What is heard of one region; nodes in maintenance are expected to be silent and count nowhere. */
export interface RegionPulse {
  region: string
  heard: number
  silent: number
  /** Of the silent ones, those that fell silent within the last minute. */
  fresh: number
  /** The brake that is open; `silent` are those of its storm. */
  protection: { cause: OutageCause; silent: number } | null
}

/** With whether somebody overruled the brake that is open. */
export interface JudgedPulse extends RegionPulse {
  overruled: boolean
}

interface OutageJudgement {
  engage: { region: string; cause: OutageCause }[]
  release: string[]
}

const sum = (pulses: readonly RegionPulse[], pick: (pulse: RegionPulse) => number): number =>
  pulses.reduce((total, pulse) => total + pick(pulse), 0)

/** The silent ones of a storm, also of one that is on already. */
const ofOutage = (pulse: RegionPulse): number => pulse.protection?.silent ?? pulse.fresh

const isOutage = (silent: number, heard: number): boolean => silent >= outageMinimumNodes && silent > heard

/**
 * Where the brake takes hold and where it lets go. Nodes that were silent before a storm count neither for nor against:
 * half is half of those that were heard. When nobody at all is heard there is nowhere to move to, however few there are.
 */
export function judgeOutages(pulses: readonly RegionPulse[]): OutageJudgement {
  const heard = sum(pulses, (pulse) => pulse.heard)
  const nobody = heard === 0
  const fleetOutage = isOutage(sum(pulses, ofOutage), heard)
  const byFleet = (pulse: RegionPulse): boolean => (nobody && pulse.silent > 0) || (fleetOutage && ofOutage(pulse) > 0)
  const judgement: OutageJudgement = { engage: [], release: [] }
  for (const pulse of pulses) {
    const { region, protection } = pulse
    if (protection === null) {
      if (isOutage(pulse.fresh, pulse.heard)) judgement.engage.push({ region, cause: 'region' })
      else if (byFleet(pulse)) judgement.engage.push({ region, cause: 'fleet' })
      continue
    }
    const goesOn = protection.cause === 'region' && protection.silent > pulse.heard
    if (!goesOn && !byFleet(pulse)) judgement.release.push(region)
  }
  return judgement
}

/** Regions that the brake would hold if so many of the nodes that are heard fell silent together, by region. */
export function heldIfOffline(
  pulses: readonly JudgedPulse[],
  unreachable: ReadonlyMap<string, number>,
): { region: string; cause: OutageCause; silent: number; nodes: number }[] {
  const then = pulses.map((pulse): JudgedPulse => {
    const more = unreachable.get(pulse.region) ?? 0
    return {
      ...pulse,
      heard: pulse.heard - more,
      silent: pulse.silent + more,
      fresh: pulse.fresh + more,
      protection: pulse.protection && { ...pulse.protection, silent: pulse.protection.silent + more },
    }
  })
  const { engage, release } = judgeOutages(then)
  const engaged = new Map(engage.map(({ region, cause }) => [region, cause]))
  return then.flatMap(({ region, protection, overruled, silent, heard }) => {
    const holds = protection && !overruled && !release.includes(region)
    const cause = engaged.get(region) ?? (holds ? protection.cause : undefined)
    return cause === undefined ? [] : [{ region, cause, silent, nodes: silent + heard }]
  })
}

/** "40 of 60 nodes of eu-west are silent" */
export const outageMessage = ({ region, silent, nodes }: { region: string; silent: number; nodes: number }): string =>
  nodes === 1 ? `The only node of ${region} is offline` : `${silent} of ${nodes} nodes of ${region} are offline`
