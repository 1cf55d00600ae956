import { plural } from '@/app/ui/text/format'
import { constraintText, placementRuleTexts } from '@/core/placement/preferences'
import { amountText } from '@/core/placement/resources'
import type { DecisionView } from '@/core/views/decisions'

/** "3 replicas with 2 cores, 2 GiB of memory, 20 GiB of storage, near us-east, at most 1 per node" */
export function requestText({
  replicas,
  resources,
  region,
  maxPerNode,
  constraints,
  hostPorts = [],
  placementRules,
}: DecisionView['request']): string {
  const parts = [
    `${plural(replicas, 'replica')} with ${amountText('cpu', resources.cpuMillis)}`,
    amountText('memory', resources.memoryMb),
    amountText('storage', resources.storageGb),
    ...(resources.gpuUnits > 0 ? [amountText('gpu', resources.gpuUnits)] : []),
    region === null ? 'anywhere' : `near ${region}`,
    `at most ${maxPerNode} per node`,
    ...(hostPorts.length > 0 ? [`host ${hostPorts.length === 1 ? 'port' : 'ports'} ${hostPorts.join(', ')}`] : []),
    ...constraints.map(constraintText),
    ...(placementRules ? placementRuleTexts(placementRules) : []),
  ]
  return parts.join(', ')
}
