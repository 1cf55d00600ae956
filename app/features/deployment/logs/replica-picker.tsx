'use client'

import { cn } from '@/app/ui/cn'
import { replicaStyle, StatusBadge } from '@/app/ui/status/status'
import type { ReplicaView } from '@/core/views/deployments'
import { stripeOf, titleOf } from './sources'

interface ReplicaPickerProps {
  replicas: readonly ReplicaView[]
  chosen: readonly ReplicaView[]
  onChoose: (chosen: ReplicaView[]) => void
}

/** Selects the attempts whose logs are shown; lists all known attempts, the newest of each replica first. */
export function ReplicaPicker({ replicas, chosen, onChoose }: ReplicaPickerProps) {
  const isChosen = (replica: ReplicaView): boolean => chosen.some(({ id }) => id === replica.id)
  return (
    <details className="group relative">
      <summary className="flex h-(--control-height) list-none items-center gap-2 rounded-control border border-control px-3 font-medium hover:bg-hover [&::-webkit-details-marker]:hidden">
        <span aria-hidden className="text-ink-3 transition-transform group-open:rotate-90">
          ›
        </span>
        {chosen.length === 1 && chosen[0] ? `Replica ${titleOf(chosen[0], replicas)}` : `${chosen.length} replicas`}
        <span className="font-normal text-ink-3">of {replicas.length}</span>
      </summary>
      <fieldset className="absolute top-full left-0 z-10 mt-1 max-h-80 w-80 max-w-[calc(100vw-2rem)] overflow-y-auto rounded-overlay border border-line bg-raised p-1.5 shadow-overlay">
        <legend className="sr-only">Replicas to show</legend>
        {replicas.map((replica) => (
          <label key={replica.id} className="flex h-(--row) items-center gap-2 rounded-control px-1.5 hover:bg-hover">
            <input
              type="checkbox"
              checked={isChosen(replica)}
              onChange={({ target: { checked } }) =>
                onChoose(replicas.filter((each) => (each.id === replica.id ? checked : isChosen(each))))
              }
              className="size-4 shrink-0 accent-accent"
            />
            <span aria-hidden className={cn('h-4 w-1 shrink-0', stripeOf(replica))} />
            <span className="shrink-0">{titleOf(replica, replicas)}</span>
            <span className="min-w-0 grow truncate text-ink-2">{replica.node.nodeId}</span>
            <StatusBadge
              statusStyle={replicaStyle(replica.status, { offline: replica.node.status === 'offline' })}
              className="text-meta"
            />
          </label>
        ))}
      </fieldset>
    </details>
  )
}
