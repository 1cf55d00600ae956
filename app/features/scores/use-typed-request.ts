'use client'

import { skipToken, useQuery } from '@tanstack/react-query'
import { parseAsString, useQueryStates } from 'nuqs'
import { useEffect, useState } from 'react'
import { useTRPC } from '@/app/trpc'
import {
  type CheckPreview,
  emptyRequest,
  emptyTexts,
  type RequestName,
  type RequestTexts,
  readRequest,
  requestNames,
  textsOf,
} from './request-query'

const parameters = Object.fromEntries(requestNames.map((name) => [name, parseAsString])) as Record<
  RequestName,
  typeof parseAsString
>

/** The request in the address; missing fields come from the deployment, or from the empty form. */
export function useTypedRequest(deploymentId: string | null) {
  const trpc = useTRPC()
  const deployment = useQuery(trpc.deployment.detail.queryOptions(deploymentId ? { id: deploymentId } : skipToken))
  const [typed, setTyped] = useQueryStates(parameters)
  const { data } = deployment
  const base = data ? textsOf({ ...data, replicas: Math.max(1, data.targetReplicas) }) : emptyTexts
  const texts = Object.fromEntries(requestNames.map((name) => [name, typed[name] ?? base[name]])) as RequestTexts
  const isReady = deploymentId === null || data !== undefined
  const isEmpty = requestNames.every((name) => texts[name] === emptyTexts[name])
  const check = useCheck(!isEmpty)
  const read = isEmpty ? { request: emptyRequest, problems: {} } : readRequest(texts, check)
  return {
    deployment,
    texts,
    request: isReady ? read.request : null,
    problems: read.problems,
    change: (name: RequestName, text: string): void =>
      void setTyped({ [name]: text === base[name] ? null : text }, { history: 'replace' }),
  }
}

/** The check of the deploy form, loaded once it is needed; null until then. */
function useCheck(isNeeded: boolean): CheckPreview | null {
  const [check, setCheck] = useState<CheckPreview | null>(null)
  useEffect(() => {
    if (!isNeeded || check !== null) return
    let isGone = false
    void import('@/app/features/deploy-form/form-schema').then(({ readPreview }) => {
      if (!isGone) setCheck(() => readPreview)
    })
    return () => {
      isGone = true
    }
  }, [isNeeded, check])
  return check
}
