import Link from 'next/link'
import type { ReactNode } from 'react'
import { Section } from '@/app/ui/layout-parts'
import { deploymentStyles, healthStyles, nodeStyles, StatusBadge, type StatusStyle } from '@/app/ui/status/status'
import { plural } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import type { DeploymentProblem, NodeProblem, Overview } from '@/core/insight/overview'

const brokenStyle: StatusStyle = {
  label: 'Degraded',
  icon: 'failed',
  color: 'failed',
  explanation: 'The node is online but cannot run containers.',
}

const waitingStyle: StatusStyle = { ...deploymentStyles.pending, label: 'Waiting for capacity' }

/** Current problems, each with a link to what to do next; a single line when there are none. */
export function Problems({ overview }: { overview: Overview }) {
  const { failed, unhealthy, unplaced, offline, broken, dead } = overview
  const groups = [
    failed.count > 0 && (
      <Group
        key="failed"
        title={`${plural(failed.count, 'deployment')} failed`}
        all={{ href: '/deployments?status=failed', ...failed }}
      >
        {failed.newest.map((one) => (
          <DeploymentRow key={one.id} one={one} statusStyle={deploymentStyles.failed} action="See why" tab="decision" />
        ))}
      </Group>
    ),
    dead > 0 && (
      <Group key="dead" title="Scheduling retries exhausted" all={null}>
        <Row
          statusStyle={deploymentStyles.failed}
          name={plural(dead, 'evaluation')}
          detail="Scheduling failed too often. You can retry it from the queue."
          since={null}
          action={{ href: '/admin/queue', label: 'View queue' }}
        />
      </Group>
    ),
    unhealthy.count > 0 && (
      <Group
        key="unhealthy"
        title={`${plural(unhealthy.count, 'deployment')} unhealthy`}
        all={{ href: '/deployments', ...unhealthy }}
      >
        {unhealthy.newest.map((one) => (
          <DeploymentRow key={one.id} one={one} statusStyle={healthStyles.unhealthy} action="View logs" tab="logs" />
        ))}
      </Group>
    ),
    unplaced.count > 0 && (
      <Group
        key="unplaced"
        title={`${plural(unplaced.replicas, 'replica')} of ${plural(unplaced.count, 'deployment')} not placed`}
        all={{ href: '/deployments?status=pending', ...unplaced }}
      >
        {unplaced.newest.map((one) => (
          <DeploymentRow key={one.id} one={one} statusStyle={waitingStyle} action="What would fit" tab="decision" />
        ))}
      </Group>
    ),
    offline.count > 0 && (
      <Group
        key="offline"
        title={`${plural(offline.count, 'node')} offline`}
        all={{ href: '/nodes?state=offline', ...offline }}
      >
        {offline.newest.map((one) => (
          <NodeRow key={one.id} one={one} statusStyle={nodeStyles.offline} />
        ))}
      </Group>
    ),
    broken.count > 0 && (
      <Group
        key="broken"
        title={`${plural(broken.count, 'node')} cannot run containers`}
        all={{ href: '/nodes', ...broken }}
      >
        {broken.newest.map((one) => (
          <NodeRow key={one.id} one={one} statusStyle={brokenStyle} />
        ))}
      </Group>
    ),
  ].filter((group) => group !== false)
  return (
    <Section flush title="Needs attention">
      {groups.length > 0 ? (
        <div className="space-y-4">{groups}</div>
      ) : (
        <p className="px-4 text-ink-2 md:px-6">
          {overview.deployments === 0
            ? 'No deployments yet. All nodes are online.'
            : 'No problems: all replicas are placed, health checks pass, and all nodes are online.'}
        </p>
      )}
    </Section>
  )
}

interface GroupProps {
  title: string
  /** The list of all of them; null when the row links there itself. */
  all: { href: string; count: number; newest: unknown[] } | null
  children: ReactNode
}

function Group({ title, all, children }: GroupProps) {
  return (
    <div>
      <h3 className="px-4 text-meta font-medium text-ink-3 md:px-6">{title}</h3>
      <ul className="mt-1 divide-y divide-line border-y border-line">{children}</ul>
      {all && all.count > all.newest.length && (
        <Link href={all.href} className="mt-1 inline-block px-4 text-meta text-ink-2 underline hover:text-ink md:px-6">
          All {all.count}
        </Link>
      )}
    </div>
  )
}

interface RowProps {
  statusStyle: StatusStyle
  name: string
  detail: ReactNode
  since: string | null
  action: { href: string; label: string }
}

function Row({ statusStyle, name, detail, since, action }: RowProps) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-0.5 px-4 py-1.5 md:px-6">
      <StatusBadge statusStyle={statusStyle} />
      <span className="max-w-60 truncate font-medium" title={name}>
        {name}
      </span>
      <span className="min-w-0 flex-1 basis-48 truncate text-ink-2">{detail}</span>
      {since && <Time at={since} className="text-meta text-ink-3" />}
      <Link
        href={action.href}
        aria-label={`${action.label}: ${name}`}
        className="font-medium whitespace-nowrap text-ink underline"
      >
        {action.label}
      </Link>
    </li>
  )
}

function DeploymentRow({
  one,
  statusStyle,
  action,
  tab,
}: {
  one: DeploymentProblem
  statusStyle: StatusStyle
  action: string
  tab: string
}) {
  return (
    <Row
      statusStyle={statusStyle}
      name={one.name}
      detail={<span title={one.reason}>{one.reason}</span>}
      since={one.since}
      action={{ href: `/deployments/${one.id}?tab=${tab}`, label: action }}
    />
  )
}

function NodeRow({ one, statusStyle }: { one: NodeProblem; statusStyle: StatusStyle }) {
  const detail = one.reason ?? (one.since ? 'No heartbeat' : 'Never reported')
  return (
    <Row
      statusStyle={statusStyle}
      name={one.nodeId}
      detail={`${detail}. ${plural(one.replicas, 'replica')} assigned (${one.region}).`}
      since={one.since}
      action={{ href: `/nodes/${one.id}`, label: 'View node' }}
    />
  )
}
