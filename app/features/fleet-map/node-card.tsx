'use client'

import { stateStyles } from '@/app/ui/status/node-state-styles'
import { StatusBadge } from '@/app/ui/status/status'
import { formatPercent, plural } from '@/app/ui/text/format'
import type { MapNode } from '@/core/nodes/map'

const percent = (value: number | null): string => (value === null ? 'unknown' : formatPercent(value))

/** The accessible name of a cell, with all its values. */
export const labelFor = (node: MapNode): string =>
  `${node.nodeId}: ${stateStyles[node.state].label}, CPU in use ${percent(node.cpuPercent)}, memory in use ${percent(
    node.memoryPercent,
  )}, ${plural(node.replicas, 'replica')}`

const widthPx = 200

interface NodeCardProps {
  node: MapNode
  place: { left: number; top: number }
  pitch: number
  /** The available width in CSS pixels. */
  width: number
}

/** Describes the selected cell; its list option tells screen readers the same. */
export function NodeCard({ node, place, pitch, width }: NodeCardProps) {
  return (
    <div
      aria-hidden
      data-node-card={node.nodeId}
      style={{ width: widthPx, left: Math.max(0, Math.min(place.left, width - widthPx)), top: place.top + pitch + 4 }}
      className="pointer-events-none absolute z-10 rounded-overlay border border-line bg-raised px-2.5 py-2 text-meta shadow-overlay"
    >
      <p className="flex items-baseline justify-between gap-2">
        <span className="truncate text-body font-medium">{node.nodeId}</span>
        <StatusBadge statusStyle={stateStyles[node.state]} />
      </p>
      <dl className="mt-1 grid grid-cols-[1fr_auto] text-ink-2 [&_dd]:text-right">
        <dt>CPU in use</dt>
        <dd>{percent(node.cpuPercent)}</dd>
        <dt>Memory in use</dt>
        <dd>{percent(node.memoryPercent)}</dd>
        <dt>Replicas</dt>
        <dd>{node.replicas}</dd>
      </dl>
    </div>
  )
}
