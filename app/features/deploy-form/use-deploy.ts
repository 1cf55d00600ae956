'use client'

import { useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import { useTRPC, useTRPCClient } from '@/app/trpc'
import type { DeployInput } from './inputs'

interface Sent {
  input: DeployInput
  /** Token of the shown preview; the server refuses when the preview is outdated. */
  previewToken: string | undefined
}

/** `crypto.randomUUID` is missing on pages served over plain HTTP. */
const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/**
 * Deploys at most once per form content: the same content has the same idempotency key, so a retry after a lost answer
 * returns the first deployment. Changed content gets a new key.
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
      // The preview token is not part of the request's content, so a newer preview does not change the key.
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
