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

/** Every node there was, in its state, with what was promised and used. */
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
        what="There is nothing to see at this moment"
        {...(errorCode(query.error) !== 'BAD_REQUEST' && { onRetry: () => void query.refetch() })}
      />
    )
  if (!query.data)
    return (
      // As tall as the fleet will be at least, so that what comes below it is not pushed away.
      <div className="min-h-dvh">
        <Loading label="Loading past" />
      </div>
    )
  const outdated = query.isPlaceholderData
  return (
    <section aria-label="The fleet at this moment" data-at={query.data.at}>
      <p className="px-4 pb-2 text-meta text-ink-3 md:px-6">
        {usageMessage(query.data)} {!asMap && 'Replicas are those that were to run.'}
      </p>
      {nodes.length === 0 ? (
        <Empty title="There was no node" />
      ) : asMap ? (
        <NodeMap text={text} counts={query.data.counts} measure={measure} outdated={outdated} />
      ) : (
        <>
          <div className="px-4 pb-2 md:px-6">
            <BarLegend />
          </div>
          <Table
            caption="Nodes at this moment"
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

/** What nodes use is recorded with decisions only. */
function usageMessage({ at, usageAt }: { at: string; usageAt: string | null }): string {
  if (usageAt === null) return 'What the nodes used then is not recorded, or not kept any more.'
  const age = Date.parse(at) - Date.parse(usageAt)
  const before = age < 1000 ? '' : ` (${formatAge(age)} before)`
  return `In use: as of the last record, ${momentTime(Date.parse(usageAt))}${before}.`
}
