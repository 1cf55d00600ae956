/**
 * What a deployment wishes of the places of its replicas, and what it insists on, beyond its resources and labels. A soft
 * wish has a weight: 100 counts as much as the whole of the policy, 50 half as much.
 */
import type { Constraint } from './constraint'

/** A place is a node, a zone (the node's label `zone`, within its region) or a region. */
export const topologies = ['node', 'zone', 'region'] as const
export type Topology = (typeof topologies)[number]

/** What replicas of one deployment can be spread over; over nodes `maxPerNode` spreads them. */
export const spreadTopologies = ['zone', 'region'] as const satisfies readonly Topology[]
type SpreadTopology = (typeof spreadTopologies)[number]

/** The label that says in which zone of its region a node is. */
export const zoneLabel = 'zone'

/** A label rule that need not be met: nodes that meet it score higher. */
export interface Preference extends Constraint {
  /** 1..100 */
  weight: number
}

/** Replicas evenly over places. */
export interface Spread {
  across: SpreadTopology
  /** No place may hold more than this many replicas more than the emptiest one; null is a wish only. */
  maxSkew: number | null
  /** 0..100 */
  weight: number
}

/** Near replicas of another deployment, or away from them. */
export interface AffinityRule {
  kind: 'affinity' | 'anti-affinity'
  /** Name or UUID, as it was asked for. */
  deployment: string
  on: Topology
  required: boolean
  /** 1..100; counts only when it is not required. */
  weight: number
}

/** The same rule when the scheduler runs: with the places that hold a replica of the other deployment. */
export interface Affinity extends AffinityRule {
  /** As `placeOf` names them, sorted. */
  places: string[]
}

interface WishesWith<Rule> {
  preferences: Preference[]
  spread: Spread[]
  affinity: Rule[]
}

/** As they are asked for and stored with the deployment. */
export type AskedWishes = WishesWith<AffinityRule>
/** As the scheduler takes them, and as a decision records them. */
export type Wishes = WishesWith<Affinity>

/** An affinity as calls give it, in a list that says of which kind it is. */
interface GivenAffinity extends Pick<AffinityRule, 'deployment'> {
  on?: Topology | undefined
  required?: boolean | undefined
  weight?: number | undefined
}

/** Wishes as calls give them, list by list. */
export interface GivenWishes {
  preferences?:
    | (Omit<Preference, 'values' | 'weight'> & { values?: string[] | undefined; weight?: number | undefined })[]
    | undefined
  spread?: { across: SpreadTopology; max_skew?: number | null | undefined; weight?: number | undefined }[] | undefined
  affinity?: GivenAffinity[] | undefined
  anti_affinity?: GivenAffinity[] | undefined
}

/** The weight of a wish that does not say. */
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

/** The wishes with each list that was given in place of the one before; null when there are none then. */
export function withGivenWishes(before: AskedWishes | null, given: GivenWishes): AskedWishes | null {
  const old = before ?? { preferences: [], spread: [], affinity: [] }
  const near = given.affinity ? rulesOf('affinity', given.affinity) : old.affinity.filter(isOfKind('affinity'))
  const away = given.anti_affinity
    ? rulesOf('anti-affinity', given.anti_affinity)
    : old.affinity.filter(isOfKind('anti-affinity'))
  const wishes: AskedWishes = {
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
  return Object.values(wishes).some((list) => list.length > 0) ? wishes : null
}

/** A place that `placeOf` named, in words: "zone a of us-east", "region us-east"; a node's is its id. */
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

/** One phrase per wish: "prefers disk = ssd (weight 50)", "has to be in the same zone as db". */
export const wishTexts = ({ preferences, spread, affinity }: AskedWishes): string[] => [
  ...preferences.map((wish) => `prefers ${constraintText(wish)} ${atWeight(wish.weight)}`),
  ...spread.map(spreadText),
  ...affinity.map((wish) =>
    wish.required ? `has to be ${affinityText(wish)}` : `prefers to be ${affinityText(wish)} ${atWeight(wish.weight)}`,
  ),
]
