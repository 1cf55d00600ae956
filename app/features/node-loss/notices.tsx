'use client'

import { lazy, Suspense, useState } from 'react'
import { useBlocked } from '@/app/features/session/me'
import { Button } from '@/app/ui/button'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { Time } from '@/app/ui/text/time'
import { outageMessage } from '@/core/nodes/outage-protection'
import type { OutageProtectionView } from '@/core/views/node-loss'

const OverrideDialog = lazy(() => import('./override-dialog'))

/** The content of the banner; in a file of its own, because it is rarely needed. */
export default function Notices({
  protections,
  behind,
}: {
  protections: OutageProtectionView[]
  behind: string | null
}) {
  const [region, setRegion] = useState<string | null>(null)
  return (
    <div className="divide-y divide-line border-b border-line bg-chrome">
      {behind !== null && (
        <p role="status" className="px-4 py-2 font-medium text-degraded md:px-6">
          <StatusIcon name="unknown" className="mr-1.5 inline align-[-2px]" />
          {behind}
        </p>
      )}
      {protections.length > 0 && (
        <section aria-label="Outage protection">
          <div role="status">
            <ul className="divide-y divide-line">
              {protections.map((protection) => (
                <Protection
                  key={protection.region}
                  protection={protection}
                  onOverride={() => setRegion(protection.region)}
                />
              ))}
            </ul>
          </div>
          {region !== null && (
            <Suspense>
              <OverrideDialog region={region} onClose={() => setRegion(null)} />
            </Suspense>
          )}
        </section>
      )}
    </div>
  )
}

function Protection({ protection, onOverride }: { protection: OutageProtectionView; onOverride: () => void }) {
  const blocked = useBlocked('protection.override', 'override outage protection')
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2 md:px-6">
      <p className="min-w-0 flex-1 basis-72">
        <span className="font-medium text-degraded">
          <StatusIcon name="unknown" className="mr-1.5 inline align-[-2px]" />
          {outageMessage(protection)}
        </span>{' '}
        <span className="text-ink-2">
          {protection.overridden ? (
            <>
              {protection.overridden.by} had its replicas moved anyway, <Time at={protection.overridden.at} />.
            </>
          ) : (
            <>
              for <Time at={protection.since} ago={false} />. Probably a network outage; replicas stay in place until
              nodes return.
            </>
          )}
        </span>
      </p>
      {!protection.overridden && (
        <Button size="sm" blocked={blocked} onClick={onOverride}>
          Move replicas…
        </Button>
      )}
    </li>
  )
}
