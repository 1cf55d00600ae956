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

/** Another agent has the node's credential and is refused. A file of its own, because hardly any node has one. */
export default function SecondSpeaker({ node, second }: SecondSpeakerProps) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const blocked = useBlocked('nodes.manage', 'let a machine take a node over')
  /** As it was when the dialog opened: another machine may ask meanwhile. */
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
            It speaks for {node.nodeId}, and for every other node of the same agent, when it asks next. Replicas that do
            not run on it are started again.
          </p>
          <p className="mt-2">
            The machine that speaks for it now ({asked.holder}) is refused from then on. Containers on that machine keep
            running until somebody stops them there or switches it off.
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
        It does so when it asks next, within seconds while its agent runs. It last asked <Time at={second.refusedAt} />.
        Until then {second.holder} speaks for the node.
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
        <Time at={second.since} />, last <Time at={second.refusedAt} />. Nothing of the node changes:{' '}
        {isSameMachine ? 'the first agent' : second.holder} speaks for it.
      </p>
      <p className="text-ink-2">
        {!second.movable && 'End one of the two agents. '}
        If {isSameMachine ? 'the second' : 'this machine'} is to be a node of its own, start its agent with an empty
        data folder and a join token.
        {second.movable && ' If this node was moved to it on purpose, let it take over.'}
      </p>
    </>
  )
}
