'use client'

import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { stormInWords } from '@/server/domain/storm'
import type { StormBrakeView } from '@/server/domain/views'
import { useBlocked } from '../shell/me'
import { useTRPC } from '../trpc'
import { Button } from '../ui/button'
import { Glyph } from '../ui/glyph'
import { Time } from '../ui/time'

const OverruleDialog = lazy(() => import('./overrule-dialog'))

/** On top of every page while so much of a region is silent at once that nothing of it is moved. */
export function StormBanner() {
  const trpc = useTRPC()
  // Pages say themselves when the server does not answer; a banner that can't be read is none.
  const { data: brakes = [] } = useQuery(trpc.storm.list.queryOptions())
  const [region, setRegion] = useState<string | null>(null)
  if (brakes.length === 0) return null
  return (
    <section aria-label="Storm brake" className="border-b border-line bg-chrome">
      <div role="status">
        <ul className="divide-y divide-line">
          {brakes.map((brake) => (
            <Brake key={brake.region} brake={brake} onOverrule={() => setRegion(brake.region)} />
          ))}
        </ul>
      </div>
      {region !== null && (
        <Suspense>
          <OverruleDialog region={region} onClose={() => setRegion(null)} />
        </Suspense>
      )}
    </section>
  )
}

function Brake({ brake, onOverrule }: { brake: StormBrakeView; onOverrule: () => void }) {
  const blocked = useBlocked('storms.overrule', 'overrule the storm brake')
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2 md:px-6">
      <p className="min-w-0 flex-1 basis-72">
        <span className="font-medium text-degraded">
          <Glyph name="unknown" className="mr-1.5 inline align-[-2px]" />
          {stormInWords(brake)}
        </span>{' '}
        <span className="text-ink-2">
          {brake.overruled ? (
            <>
              {brake.overruled.by} had its replicas moved all the same, <Time at={brake.overruled.at} />.
            </>
          ) : (
            <>
              since <Time at={brake.since} ago={false} />. The line may be cut rather than the machines dead: nothing of
              it is moved until nodes return.
            </>
          )}
        </span>
      </p>
      {!brake.overruled && (
        <Button size="sm" blocked={blocked} onClick={onOverrule}>
          Move its replicas…
        </Button>
      )}
    </li>
  )
}
