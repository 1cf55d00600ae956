'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { ReplicaCount } from '@/app/features/deployments/columns'
import { useTRPC } from '@/app/trpc'
import { Facts, PageHeader } from '@/app/ui/layout-parts'
import { deploymentStyle, healthStyles, StatusBadge } from '@/app/ui/status/status'
import { formatList, plural } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import { constraintText, placementRuleTexts } from '@/core/placement/preferences'
import { coresText, memoryText, priorities, storageText } from '@/core/placement/resources'
import { policyText } from '@/core/placement/types'
import { defaultLostAfterSeconds } from '@/core/settings/settings'
import type { DeploymentDetail } from '@/core/views/deployments'
import { DeploymentActions } from './deployment-actions'
import { ImageContent } from './image-content'

export function DeploymentHeader({ deployment }: { deployment: DeploymentDetail }) {
  return (
    <>
      <PageHeader
        title={deployment.name}
        parent={{ href: '/deployments', label: 'Deployments' }}
        actions={<DeploymentActions deployment={deployment} />}
        meta={
          <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
            <StatusBadge statusStyle={deploymentStyle(deployment)} className="font-medium" />
            {deployment.health !== 'none' && <StatusBadge statusStyle={healthStyles[deployment.health]} />}
            {/* While the deployment waits for capacity, the latest refusal is more useful than its reason. */}
            {deployment.waiting?.kind !== 'capacity' && (
              <span className="min-w-0 break-words">{deployment.reason}</span>
            )}
            <Waiting deployment={deployment} />
          </div>
        }
      />
      <div className="border-t border-line px-4 py-4 md:px-6">
        <Facts facts={factsOf(deployment)} />
      </div>
    </>
  )
}

function factsOf(deployment: DeploymentDetail) {
  const { resources, constraints, placementRules, policy, priority, ports, envNames } = deployment
  const facts = [
    {
      name: 'Replicas',
      value: (
        <>
          <ReplicaCount running={deployment.runningReplicas} target={deployment.targetReplicas} />{' '}
          {deployment.health === 'unknown' ? 'last seen running' : 'running'}
        </>
      ),
    },
    {
      name: 'Image',
      value: (
        <>
          <span className="font-mono text-meta wrap-anywhere">{deployment.image}</span>
          <ImageContent image={deployment.revisionImage} />
        </>
      ),
    },
    {
      name: 'Per replica',
      value: [
        coresText(resources.cpuMillis),
        `${memoryText(resources.memoryMb)} memory`,
        `${storageText(resources.storageGb)} storage`,
        ...(resources.gpuUnits > 0 ? [plural(resources.gpuUnits, 'GPU')] : []),
      ]
        // Lines break between amounts.
        .map((amount) => amount.replaceAll(' ', '\u00a0'))
        .join(', '),
    },
    { name: 'Region', value: deployment.region ?? 'anywhere' },
    { name: 'Type', value: deployment.type },
    deployment.deletedAt
      ? { name: 'Deleted', value: <Time at={deployment.deletedAt} /> }
      : {
          name: 'Created',
          value: (
            <>
              <Time at={deployment.createdAt} /> by {deployment.owner.username}
            </>
          ),
        },
  ]
  if (deployment.revision > 1) facts.push({ name: 'Revision', value: String(deployment.revision) })
  if (deployment.lostAfterSeconds !== defaultLostAfterSeconds)
    facts.push({ name: 'Reschedule after', value: lostAfterMessage(deployment.lostAfterSeconds) })
  if (deployment.maxPerNode > 1) facts.push({ name: 'Per node', value: `at most ${deployment.maxPerNode}` })
  if (deployment.waitForCapacity) facts.push({ name: 'Without capacity', value: 'waits' })
  if (constraints.length > 0)
    facts.push({
      name: 'Labels',
      value: constraints.map(constraintText).join('; '),
    })
  if (placementRules) facts.push({ name: 'Preferences', value: placementRuleTexts(placementRules).join('; ') })
  if (policy) facts.push({ name: 'Policy', value: policyText(policy) })
  if (priority !== priorities.default) facts.push({ name: 'Priority', value: String(priority) })
  if (ports.length > 0)
    facts.push({
      name: 'Ports',
      value: ports.map(({ container, host }) => `${container} → ${host ?? 'any'}`).join(', '),
    })
  if (envNames.length > 0) facts.push({ name: 'Environment', value: formatList(envNames) })
  return facts
}

const lostAfterMessage = (seconds: number): string => (seconds === 0 ? 'never' : `the node is offline for ${seconds} s`)

function Waiting({ deployment: { id, waiting } }: { deployment: DeploymentDetail }) {
  if (!waiting) return null
  if (waiting.kind === 'retry' && waiting.until)
    return (
      <span className="text-ink-3">
        next attempt <Time at={waiting.until} />
      </span>
    )
  if (waiting.kind === 'capacity')
    return (
      <>
        <LatestRefusal id={id} />
        <span className="text-ink-3">
          waiting for capacity for <Time at={waiting.since} ago={false} />, {plural(waiting.attempts, 'attempt')}
        </span>
      </>
    )
  return null
}

/** The latest scheduling decision, if it was a refusal. */
function LatestRefusal({ id }: { id: string }) {
  const trpc = useTRPC()
  const latest = useQuery(trpc.deployment.decisions.queryOptions({ id })).data?.[0]
  if (latest?.outcome !== 'refused') return null
  return (
    <Link
      href={`/deployments/${id}?tab=decision`}
      className="text-ink-2 underline decoration-control underline-offset-2"
    >
      {latest.message}
    </Link>
  )
}
