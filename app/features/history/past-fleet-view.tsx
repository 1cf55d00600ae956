'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { NodeMap } from '@/app/features/fleet-map/node-map'
import type { Measure } from '@/app/features/fleet-map/sprites'
import { isoOf } from '@/app/features/time-travel/moment'
import { useTRPC } from '@/app/trpc'
import { BarLegend } from '@/app/ui/status/bar'
import { Empty, ErrorState, Loading } from '@/app/ui/status/states'
import { Table } from '@/app/ui/table/table'
import { errorCode } from '@/app/ui/text/errors'
import { formatAge } from '@/app/ui/text/format'
import { momentTime } from '@/app/ui/text/time'
import { readPastNodes } from '@/core/insight/history'
import { pastColumns } from './past-columns'

interface PastFleetViewProps {
  at: number | null
  region: string
  asMap: boolean
  measure: Measure
}

/** All nodes at a time in the past, with their state, reservations and usage. */
export function PastFleetView({ at, region, asMap, measure }: PastFleetViewProps) {
  const trpc = useTRPC()
  const query = useQuery({
    ...trpc.history.fleetAt.queryOptions({ ...(at !== null && { at: isoOf(at) }), ...(region && { region }) }),
    placeholderData: keepPreviousData,
  })
  const text = query.data?.text ?? ''
  const nodes = useMemo(() => readPastNodes(text), [text])
  if (query.isError)
    return (
      <ErrorState
        error={query.error}
        what="Nothing to show for this time"
        {...(errorCode(query.error) !== 'BAD_REQUEST' && { onRetry: () => void query.refetch() })}
      />
    )
  if (!query.data)
    return (
      // As tall as the fleet will be at least, so that the content below does not jump.
      <div className="min-h-dvh">
        <Loading label="Loading fleet" />
      </div>
    )
  const outdated = query.isPlaceholderData
  return (
    <section aria-label="The fleet at this time" data-at={query.data.at}>
      <p className="px-4 pb-2 text-meta text-ink-3 md:px-6">
        {usageMessage(query.data)} {!asMap && 'Replica counts are desired replicas.'}
      </p>
      {nodes.length === 0 ? (
        <Empty title="There were no nodes" />
      ) : asMap ? (
        <NodeMap text={text} counts={query.data.counts} measure={measure} outdated={outdated} />
      ) : (
        <>
          <div className="px-4 pb-2 md:px-6">
            <BarLegend />
          </div>
          <Table
            caption="Nodes at this time"
            columns={pastColumns}
            rows={nodes}
            rowKey={(node) => node.id}
            rowHref={(node) => `/nodes/${node.id}`}
            question={`${at} ${region}`}
            outdated={outdated}
            keyboard
          />
        </>
      )}
    </section>
  )
}

/** Node usage is recorded only with decisions. */
function usageMessage({ at, usageAt }: { at: string; usageAt: string | null }): string {
  if (usageAt === null) return 'Node usage at this time was not recorded or is no longer kept.'
  const age = Date.parse(at) - Date.parse(usageAt)
  const before = age < 1000 ? '' : ` (${formatAge(age)} before)`
  return `Usage as last recorded, ${momentTime(Date.parse(usageAt))}${before}.`
}
