'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ArrowRightLeft } from 'lucide-react'
import { useState } from 'react'
import { useBlocked } from '@/app/features/session/me'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { ConfirmDialog } from '@/app/ui/overlay/dialog'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { errorSentence } from '@/app/ui/text/errors'
import { Time } from '@/app/ui/text/time'
import type { NodeView, SecondSpeakerView } from '@/core/views/nodes'

interface SecondSpeakerProps {
  node: Pick<NodeView, 'id' | 'nodeId'>
  second: SecondSpeakerView
}

/**
 * A warning that another agent uses the node's credential and is refused. In a file of its own, because few nodes need
 * it.
 */
export default function SecondSpeaker({ node, second }: SecondSpeakerProps) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const blocked = useBlocked('nodes.manage', 'let a machine take a node over')
  /** The second agent as it was when the dialog opened: another machine may try meanwhile. */
  const [asked, setAsked] = useState<SecondSpeakerView | null>(null)
  const move = useMutation(
    trpc.node.move.mutationOptions({
      onSuccess: async () => {
        setAsked(null)
        await queries.invalidateQueries({ queryKey: trpc.node.pathKey() })
      },
    }),
  )
  return (
    <section
      aria-label="Second agent"
      className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line bg-chrome px-4 py-3 md:px-6"
    >
      <div role="status" className="min-w-0 flex-1 basis-72 break-words">
        {second.allowed ? <Allowed second={second} /> : <Refused second={second} />}
      </div>
      {second.movable && !second.allowed && (
        <Button
          icon={<ArrowRightLeft size={14} aria-hidden />}
          blocked={blocked}
          onClick={() => {
            move.reset()
            setAsked(second)
          }}
        >
          Let it take over
        </Button>
      )}
      {asked && (
        <ConfirmDialog
          open
          onClose={() => setAsked(null)}
          title={`Let ${placeOf(asked)} take ${node.nodeId} over?`}
          action="Let it take over"
          busy={move.isPending}
          error={move.error ? errorSentence(move.error) : null}
          onConfirm={() => move.mutate({ id: node.id, instance: asked.instance })}
        >
          <p>
            It takes over {node.nodeId}, and every other node of the same agent, the next time it connects. Replicas
            that do not run on it are restarted.
          </p>
          <p className="mt-2">
            The current machine ({asked.holder}) is refused from then on. Containers on that machine keep running until
            you stop them there or switch it off.
          </p>
        </ConfirmDialog>
      )}
    </section>
  )
}

const placeOf = ({ hostName, address }: SecondSpeakerView): string =>
  address === null ? hostName : `${hostName} at ${address}`

function Allowed({ second }: { second: SecondSpeakerView }) {
  return (
    <>
      <p className="font-medium text-progressing">
        <StatusIcon name="arrow" className="mr-1.5 inline align-[-2px]" />
        {placeOf(second)} may take this node over
      </p>
      <p className="text-ink-2">
        It takes over the next time it connects, within seconds if its agent is running. It last tried{' '}
        <Time at={second.refusedAt} />. Until then {second.holder} stays connected.
      </p>
    </>
  )
}

function Refused({ second }: { second: SecondSpeakerView }) {
  const isSameMachine = second.kind === 'process'
  return (
    <>
      <p className="font-medium text-degraded">
        <StatusIcon name="partial" className="mr-1.5 inline align-[-2px]" />
        {isSameMachine
          ? "A second agent on this machine uses this node's identity and is refused"
          : "A second machine uses this node's identity and is refused"}
      </p>
      <p className="text-ink-2">
        {isSameMachine ? `Process ${second.pid} on ${second.hostName}` : placeOf(second)} first asked{' '}
        <Time at={second.since} />, last <Time at={second.refusedAt} />. Nothing changes on the node:{' '}
        {isSameMachine ? 'the first agent' : second.holder} stays connected.
      </p>
      <p className="text-ink-2">
        {!second.movable && 'Stop one of the two agents. '}
        If {isSameMachine ? 'the second' : 'this machine'} should be a separate node, start its agent with an empty data
        folder and a join token.
        {second.movable && ' If this node was moved to it on purpose, let it take over.'}
      </p>
    </>
  )
}
