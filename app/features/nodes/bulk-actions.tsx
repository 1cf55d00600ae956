'use client'

import { Lock, LockOpen, LogOut, ShieldAlert, X } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { drillHref } from '@/app/features/drill/drill-view'
import { useBlocked } from '@/app/features/session/me'
import { Button } from '@/app/ui/button'
import { plural } from '@/app/ui/text/format'
import { drillLimits } from '@/core/insight/drill-report'
import type { NodeView } from '@/core/views/nodes'
import { DrainDialog } from './drain-dialog'
import { useCordon } from './use-cordon'

/** Draining more at once would leave few nodes to move to, and a preview too long to read. */
const drainedAtOnce = 200

interface BulkActionsProps {
  /** The selected nodes on the current page. */
  nodes: NodeView[]
  clear: () => void
}

/** Actions for the selected nodes; a floating bar, so that the rows don't move. */
export function BulkActions({ nodes, clear }: BulkActionsProps) {
  const cordon = useCordon()
  const router = useRouter()
  const [draining, setDraining] = useState(false)
  const mayCordon = useBlocked('nodes.cordon', 'cordon nodes')
  const mayDrain = useBlocked('nodes.drain', 'drain nodes')
  if (nodes.length === 0) return null
  const open = nodes.filter((node) => !node.cordoned)
  const closed = nodes.filter((node) => node.cordoned)
  const drainable = nodes.filter((node) => !node.draining && node.status !== 'maintenance')
  const act = (some: NodeView[], cordoned: boolean): void => {
    cordon.set(some, cordoned)
    clear()
  }
  return (
    <section
      aria-label="Selected nodes"
      className="appear fixed inset-x-3 bottom-4 z-20 mx-auto flex w-fit max-w-full flex-wrap items-center gap-2 rounded-overlay border border-line bg-raised py-1.5 pr-1.5 pl-3 shadow-overlay md:left-[208px]"
    >
      <span className="mr-1 font-medium whitespace-nowrap" role="status">
        {plural(nodes.length, 'node')} selected
      </span>
      <Button
        icon={<Lock size={14} aria-hidden />}
        busy={cordon.busy}
        blocked={mayCordon ?? (open.length === 0 ? 'All are already cordoned.' : null)}
        onClick={() => act(open, true)}
      >
        Cordon
      </Button>
      <Button
        icon={<LockOpen size={14} aria-hidden />}
        busy={cordon.busy}
        blocked={mayCordon ?? (closed.length === 0 ? 'None are cordoned.' : null)}
        onClick={() => act(closed, false)}
      >
        Uncordon
      </Button>
      <Button
        icon={<LogOut size={14} aria-hidden />}
        blocked={mayDrain ?? whyNotDrained(drainable.length)}
        onClick={() => setDraining(true)}
      >
        Drain
      </Button>
      <Button
        icon={<ShieldAlert size={14} aria-hidden />}
        blocked={
          nodes.length > drillLimits.nodes
            ? `At most ${drillLimits.nodes} nodes at once. For more, drill a region or zone.`
            : null
        }
        onClick={() => router.push(drillHref('node', ...nodes.map(({ nodeId }) => nodeId)))}
      >
        What if they failed?
      </Button>
      {draining && <DrainDialog nodes={drainable} onClose={() => setDraining(false)} onDone={clear} />}
      <Button variant="ghost" aria-label="Clear selection" icon={<X size={16} aria-hidden />} onClick={clear} />
    </section>
  )
}

function whyNotDrained(count: number): string | null {
  if (count === 0) return 'All are already draining.'
  return count > drainedAtOnce ? `Drain at most ${drainedAtOnce} nodes at once.` : null
}
