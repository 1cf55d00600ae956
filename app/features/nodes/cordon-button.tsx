'use client'

import { Lock, LockOpen } from 'lucide-react'
import { useBlocked } from '@/app/features/session/me'
import { Button, type ButtonVariant } from '@/app/ui/button'
import type { NodeView } from '@/core/views/nodes'
import { useCordon } from './use-cordon'

interface CordonButtonProps {
  node: Pick<NodeView, 'id' | 'nodeId' | 'cordoned'>
  /** Shows only the icon, for table rows. */
  small?: boolean
  variant?: ButtonVariant
}

export function CordonButton({ node, small = false, variant = 'secondary' }: CordonButtonProps) {
  const { set, busy } = useCordon()
  const word = node.cordoned ? 'Uncordon' : 'Cordon'
  const blocked = useBlocked('nodes.cordon', `${word.toLowerCase()} nodes`)
  const icon = node.cordoned ? <LockOpen size={14} aria-hidden /> : <Lock size={14} aria-hidden />
  const press = (): void => set([node], !node.cordoned)
  if (small)
    return (
      <Button
        variant="ghost"
        aria-label={`${word} ${node.nodeId}`}
        title={blocked ? undefined : word}
        icon={icon}
        busy={busy}
        blocked={blocked}
        size="sm"
        onClick={press}
      />
    )
  return (
    <Button variant={variant} icon={icon} busy={busy} blocked={blocked} onClick={press}>
      {word}
    </Button>
  )
}
