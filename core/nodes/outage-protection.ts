/**
 * The storm brake: when much of a region falls silent at once, the line is cut rather than the machines dead, and
 * moving everything would make it worse. Pure; server/store/node-loss/outage-protection.ts reads and writes.
 */

/** Silences that begin within this time of each other are one storm. */
export const stormWindowSeconds = 60

/** Fewer nodes than this are replaced one by one, also when they are all that a region has. */
const stormMinimumNodes = 3

const stormCauses = ['region', 'fleet'] as const
export type StormCause = (typeof stormCauses)[number]

/** What is heard of one region; nodes in maintenance are expected to be silent and count nowhere. */
export interface RegionPulse {
  region: string
  heard: number
  silent: number
  /** Of the silent ones, those that fell silent within the last minute. */
  fresh: number
  /** The brake that is open; `silent` are those of its storm. */
  brake: { cause: StormCause; silent: number } | null
}

/** With whether somebody overruled the brake that is open. */
export interface JudgedPulse extends RegionPulse {
  overruled: boolean
}

interface StormJudgement {
  engage: { region: string; cause: StormCause }[]
  release: string[]
}

const sum = (pulses: readonly RegionPulse[], pick: (pulse: RegionPulse) => number): number =>
  pulses.reduce((total, pulse) => total + pick(pulse), 0)

/** The silent ones of a storm, also of one that is on already. */
const ofStorm = (pulse: RegionPulse): number => pulse.brake?.silent ?? pulse.fresh

const isStorm = (silent: number, heard: number): boolean => silent >= stormMinimumNodes && silent > heard

/**
 * Where the brake takes hold and where it lets go. Nodes that were silent before a storm count neither for nor against:
 * half is half of those that were heard. When nobody at all is heard there is nowhere to move to, however few there are.
 */
export function judgeStorms(pulses: readonly RegionPulse[]): StormJudgement {
  const heard = sum(pulses, (pulse) => pulse.heard)
  const nobody = heard === 0
  const fleetStorm = isStorm(sum(pulses, ofStorm), heard)
  const byFleet = (pulse: RegionPulse): boolean => (nobody && pulse.silent > 0) || (fleetStorm && ofStorm(pulse) > 0)
  const judgement: StormJudgement = { engage: [], release: [] }
  for (const pulse of pulses) {
    const { region, brake } = pulse
    if (brake === null) {
      if (isStorm(pulse.fresh, pulse.heard)) judgement.engage.push({ region, cause: 'region' })
      else if (byFleet(pulse)) judgement.engage.push({ region, cause: 'fleet' })
      continue
    }
    const goesOn = brake.cause === 'region' && brake.silent > pulse.heard
    if (!goesOn && !byFleet(pulse)) judgement.release.push(region)
  }
  return judgement
}

/** Regions that the brake would hold if so many of the nodes that are heard fell silent together, by region. */
export function heldIfSilenced(
  pulses: readonly JudgedPulse[],
  silenced: ReadonlyMap<string, number>,
): { region: string; cause: StormCause; silent: number; nodes: number }[] {
  const then = pulses.map((pulse): JudgedPulse => {
    const more = silenced.get(pulse.region) ?? 0
    return {
      ...pulse,
      heard: pulse.heard - more,
      silent: pulse.silent + more,
      fresh: pulse.fresh + more,
      brake: pulse.brake && { ...pulse.brake, silent: pulse.brake.silent + more },
    }
  })
  const { engage, release } = judgeStorms(then)
  const engaged = new Map(engage.map(({ region, cause }) => [region, cause]))
  return then.flatMap(({ region, brake, overruled, silent, heard }) => {
    const holds = brake && !overruled && !release.includes(region)
    const cause = engaged.get(region) ?? (holds ? brake.cause : undefined)
    return cause === undefined ? [] : [{ region, cause, silent, nodes: silent + heard }]
  })
}

/** "40 of 60 nodes of eu-west are silent" */
export const stormInWords = ({ region, silent, nodes }: { region: string; silent: number; nodes: number }): string =>
  nodes === 1 ? `The only node of ${region} is silent` : `${silent} of ${nodes} nodes of ${region} are silent`
