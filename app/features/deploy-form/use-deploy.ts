'use client'

import { useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import { useTRPC, useTRPCClient } from '@/app/trpc'
import type { DeployInput } from './inputs'

interface Sent {
  input: DeployInput
  /** Of the preview that was looked at: the server tells when it does not hold any more. */
  previewToken: string | undefined
}

/** `crypto.randomUUID` is not there on pages that come over plain HTTP. */
const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/**
 * Deploys once, however often it is sent: the same form with the same content has the same key, so that a try after
 * a lost answer returns the first deployment. Changed content is another request, and has another key.
 */
export function useDeploy() {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const last = useRef<{ content: string; key: string } | null>(null)
  const mutation = useMutation({
    mutationKey: trpc.deployment.deploy.mutationKey(),
    mutationFn: ({ input, previewToken }: Sent) => {
      const content = JSON.stringify(input)
      if (last.current?.content !== content) last.current = { content, key: newKey() }
      // Which preview was looked at is no part of what is asked for: a later one makes it no other request.
      const body = previewToken === undefined ? input : { ...input, preview_token: previewToken }
      return client.deployment.deploy.mutate(body, { context: { idempotencyKey: last.current.key } })
    },
  })
  return {
    send: (input: DeployInput, previewToken: string | undefined) => mutation.mutateAsync({ input, previewToken }),
    busy: mutation.isPending,
    done: mutation.isSuccess,
    error: mutation.error,
  }
}
