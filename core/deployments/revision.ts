/** The content of one revision: everything about a deployment except its number of replicas. */

import type { Constraint } from '@/core/placement/constraint'
import { constraintText, type PlacementRulesSpec, placementRuleTexts } from '@/core/placement/preferences'
import {
  type DeploymentType,
  quantityText,
  type Resources,
  resourceFields,
  resourceKinds,
} from '@/core/placement/resources'
import type { Policy } from '@/core/placement/types'
import { sameImage } from './image'

export interface DeploymentSpec {
  type: DeploymentType
  image: string
  resources: Resources
  region: string | null
  waitForCapacity: boolean
  maxPerNode: number
  constraints: Constraint[]
  /** Null or absent when there are none. */
  placementRules?: PlacementRulesSpec | null
  /** Null means the installation's default policy. */
  policy: Policy | null
  priority: number
  ports: { container: number; host: number | null }[]
  /** Names only; values are encrypted. */
  envNames: string[]
}

/** One difference between two revisions, in words. */
export interface SpecChange {
  what: string
  from: string
  to: string
}

const list = (items: string[]): string => (items.length === 0 ? 'none' : items.join(', '))

const texts: {
  [Field in Exclude<keyof Required<DeploymentSpec>, 'resources'>]: [string, (spec: DeploymentSpec) => string]
} = {
  image: ['image', (spec) => spec.image],
  type: ['type', (spec) => spec.type],
  region: ['region', (spec) => spec.region ?? 'anywhere'],
  maxPerNode: ['replicas per node', (spec) => `at most ${spec.maxPerNode}`],
  constraints: ['labels', (spec) => list(spec.constraints.map(constraintText))],
  placementRules: [
    'placement rules',
    (spec) => list(spec.placementRules ? placementRuleTexts(spec.placementRules) : []),
  ],
  ports: ['ports', (spec) => list(spec.ports.map(({ container, host }) => `${container} → ${host ?? 'any'}`))],
  envNames: ['environment', (spec) => list([...spec.envNames].sort())],
  policy: ['policy', (spec) => (spec.policy === null ? 'the installation’s' : policyText(spec.policy))],
  priority: ['priority', (spec) => String(spec.priority)],
  waitForCapacity: ['without room', (spec) => (spec.waitForCapacity ? 'waits for capacity' : 'fails')],
}

const policyText = ({ name, weights, packing }: Policy): string =>
  `${name} (${weights.resources}/${weights.load}/${weights.locality}${packing ? ', packing' : ''})`

/** Lists the differences, the image first. Values of environment variables are not compared. */
export function specChanges(before: DeploymentSpec, after: DeploymentSpec): SpecChange[] {
  const changes: SpecChange[] = []
  const compare = (what: string, from: string, to: string): void => {
    if (from !== to) changes.push({ what, from, to })
  }
  const { image, ...others } = texts
  // nginx and nginx:latest are the same image.
  if (!sameImage(before.image, after.image)) compare(image[0], image[1](before), image[1](after))
  for (const kind of resourceKinds) {
    const field = resourceFields[kind]
    compare(kind, quantityText(kind, before.resources[field]), quantityText(kind, after.resources[field]))
  }
  for (const [what, text] of Object.values(others)) compare(what, text(before), text(after))
  return changes
}

/** "image nginx:1.27 → nginx:1.28, memory 512 MiB → 1 GiB" */
export const changesText = (changes: SpecChange[]): string =>
  changes.map(({ what, from, to }) => `${what} ${from} → ${to}`).join(', ')
