'use client'

import { useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import { v4 as uuid } from 'uuid'
import { useTRPC, useTRPCClient } from '../../../trpc'
import type { DeployInput } from './form-schema'

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
    mutationFn: (input: DeployInput) => {
      const content = JSON.stringify(input)
      if (last.current?.content !== content) last.current = { content, key: uuid() }
      return client.deployment.deploy.mutate(input, { context: { idempotencyKey: last.current.key } })
    },
  })
  return { send: mutation.mutateAsync, busy: mutation.isPending, done: mutation.isSuccess, error: mutation.error }
}
