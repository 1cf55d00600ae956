'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '@/app/trpc'
import { useNotice } from '@/app/ui/overlay/notice'
import { errorSentence } from '@/app/ui/text/errors'
import { formatList, plural } from '@/app/ui/text/format'

interface CordonTarget {
  id: string
  nodeId: string
}

const named = (nodes: CordonTarget[]): string =>
  nodes.length <= 3 ? formatList(nodes.map(({ nodeId }) => nodeId)) : plural(nodes.length, 'node')

/** Cordons without confirmation, because one press reverts it. */
export function useCordon() {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const mutation = useMutation(trpc.node.cordon.mutationOptions())

  const set = async (nodes: CordonTarget[], cordoned: boolean): Promise<void> => {
    const results = await Promise.allSettled(nodes.map(({ id }) => mutation.mutateAsync({ id, cordoned })))
    void queries.invalidateQueries({ queryKey: trpc.node.pathKey() })
    const done = nodes.filter((_, index) => results[index]?.status === 'fulfilled')
    const refused = results.find((result) => result.status === 'rejected')
    const message = cordoned ? 'cordoned' : 'uncordoned'
    const failed = refused
      ? ` ${plural(nodes.length - done.length, 'node')} failed: ${errorSentence(refused.reason)}`
      : ''
    notice({
      text: done.length > 0 ? `${named(done)} ${message}.${failed}` : failed.trim(),
      ...(done.length > 0 && { undo: () => void set(done, !cordoned) }),
    })
  }
  return { set: (nodes: CordonTarget[], cordoned: boolean) => void set(nodes, cordoned), busy: mutation.isPending }
}
