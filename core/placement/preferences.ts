/**
 * The scheduling preferences of a deployment: preferred labels, spreads and affinities. Those that are not required
 * have a weight: 100 counts as much as the whole policy, 50 half as much.
 */
import type { Constraint } from './constraint'

/** A topology domain is a node, a zone (the node's label `zone`, within its region) or a region. */
export const topologies = ['node', 'zone', 'region'] as const
export type Topology = (typeof topologies)[number]

/** Replicas can be spread across zones or regions; `maxPerNode` spreads them across nodes. */
export const spreadTopologies = ['zone', 'region'] as const satisfies readonly Topology[]
type SpreadTopology = (typeof spreadTopologies)[number]

/** The label with the zone of a node within its region. */
export const zoneLabel = 'zone'

/** A label rule that is not required: nodes that meet it score higher. */
export interface Preference extends Constraint {
  /** 1..100 */
  weight: number
}

/** Spreads replicas evenly across topology domains. */
export interface Spread {
  across: SpreadTopology
  /** No domain may hold more than this many replicas more than the emptiest one; null means no limit. */
  maxSkew: number | null
  /** 0..100 */
  weight: number
}

/** Places replicas near those of another deployment, or away from them. */
export interface AffinityRule {
  kind: 'affinity' | 'anti-affinity'
  /** Name or UUID, as given by the user. */
  deployment: string
  on: Topology
  required: boolean
  /** 1..100; ignored if `required`. */
  weight: number
}

/** The rule as the scheduler uses it: with the topology domains that hold a replica of the other deployment. */
export interface Affinity extends AffinityRule {
  /** Names from `placeOf`, sorted. */
  places: string[]
}

interface PlacementRuleSet<Rule> {
  preferences: Preference[]
  spread: Spread[]
  affinity: Rule[]
}

/** Scheduling preferences as stored with the deployment. */
export type PlacementRulesSpec = PlacementRuleSet<AffinityRule>
/** Scheduling preferences as the scheduler uses them and decisions record them. */
export type PlacementRules = PlacementRuleSet<Affinity>

/** An affinity as given in an API call; the list that contains it determines its kind. */
interface GivenAffinity extends Pick<AffinityRule, 'deployment'> {
  on?: Topology | undefined
  required?: boolean | undefined
  weight?: number | undefined
}

/** Scheduling preferences as given in an API call. */
export interface GivenPlacementRules {
  preferences?:
    | (Omit<Preference, 'values' | 'weight'> & { values?: string[] | undefined; weight?: number | undefined })[]
    | undefined
  spread?: { across: SpreadTopology; max_skew?: number | null | undefined; weight?: number | undefined }[] | undefined
  affinity?: GivenAffinity[] | undefined
  anti_affinity?: GivenAffinity[] | undefined
}

/** The weight of a preference that is given without one. */
export const defaultWeight = 50

const isOfKind =
  (kind: AffinityRule['kind']) =>
  (rule: AffinityRule): boolean =>
    rule.kind === kind

const rulesOf = (kind: AffinityRule['kind'], given: readonly GivenAffinity[]): AffinityRule[] =>
  given.map(({ deployment, on = 'node', required = false, weight = defaultWeight }) => ({
    kind,
    deployment,
    on,
    required,
    weight,
  }))

/** Replaces each list that is given and keeps the others. Returns null when all lists are empty. */
export function withGivenPlacementRules(
  before: PlacementRulesSpec | null,
  given: GivenPlacementRules,
): PlacementRulesSpec | null {
  const old = before ?? { preferences: [], spread: [], affinity: [] }
  const near = given.affinity ? rulesOf('affinity', given.affinity) : old.affinity.filter(isOfKind('affinity'))
  const away = given.anti_affinity
    ? rulesOf('anti-affinity', given.anti_affinity)
    : old.affinity.filter(isOfKind('anti-affinity'))
  const placementRules: PlacementRulesSpec = {
    preferences:
      given.preferences?.map(({ key, op, values = [], weight = defaultWeight }) => ({ key, op, values, weight })) ??
      old.preferences,
    spread:
      given.spread?.map(({ across, max_skew = null, weight = defaultWeight }) => ({
        across,
        maxSkew: max_skew,
        weight,
      })) ?? old.spread,
    affinity: [...near, ...away],
  }
  return Object.values(placementRules).some((list) => list.length > 0) ? placementRules : null
}

/** Formats a topology domain from `placeOf`: "zone a of us-east", "region us-east", or the id of a node. */
export function placeText(on: Topology, place: string): string {
  if (on === 'region') return `region ${place}`
  const [region, ...zone] = place.split('/')
  return on === 'zone' ? `zone ${zone.join('/')} of ${region}` : place
}

/** "disk = ssd", "zone in a, b", "gpu exists" */
export const constraintText = (constraint: Constraint): string =>
  [constraint.key, constraint.op, constraint.values.join(', ')].filter((part) => part !== '').join(' ')

/** "on the same node as db", "in another region than db" */
export function affinityText({ kind, deployment, on }: AffinityRule): string {
  const preposition = on === 'node' ? 'on' : 'in'
  return kind === 'affinity'
    ? `${preposition} the same ${on} as ${deployment}`
    : `${preposition} another ${on} than ${deployment}`
}

const atWeight = (weight: number): string => `(weight ${weight})`

function spreadText({ across, maxSkew, weight }: Spread): string {
  const limit = maxSkew === null ? '' : `, at most ${maxSkew} apart`
  return `spread across ${across}s${limit}${weight > 0 ? ` ${atWeight(weight)}` : ''}`
}

/** Returns one phrase per preference: "prefers disk = ssd (weight 50)", "has to be in the same zone as db". */
export const placementRuleTexts = ({ preferences, spread, affinity }: PlacementRulesSpec): string[] => [
  ...preferences.map((preference) => `prefers ${constraintText(preference)} ${atWeight(preference.weight)}`),
  ...spread.map(spreadText),
  ...affinity.map((preference) =>
    preference.required
      ? `has to be ${affinityText(preference)}`
      : `prefers to be ${affinityText(preference)} ${atWeight(preference.weight)}`,
  ),
]
