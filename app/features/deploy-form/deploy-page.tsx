'use client'

import { useMutation } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useBlocked } from '@/app/features/session/me'
import { useTRPC } from '@/app/trpc'
import { useHydrated } from '@/app/ui/hydrated'
import { PageHeader } from '@/app/ui/layout-parts'
import { useNotice } from '@/app/ui/overlay/notice'
import { QueryView } from '@/app/ui/status/query-view'
import { errorFields, errorSentence } from '@/app/ui/text/errors'
import type { Suggestion } from '@/core/placement/types'
import { DeployFields } from './deploy-fields'
import { formPath } from './field-paths'
import { type DeployForm, emptyForm } from './form'
import { checkForm } from './form-schema'
import type { DeployInput } from './inputs'
import { Preview } from './preview'
import { suggestedChange } from './suggestions'
import { useDeploy } from './use-deploy'
import { usePreview } from './use-preview'

/** The deploy form, with a preview of the placement beside it. */
export function DeployPage() {
  const router = useRouter()
  const form = useForm<DeployForm, unknown, DeployInput>({
    resolver: checkForm,
    defaultValues: emptyForm,
    mode: 'onTouched',
  })
  const { query, outdated, valid } = usePreview(form.control)
  const preview = query.data
  const deploy = useDeploy()
  const notice = useNotice()
  const [changed, setChanged] = useState<string | null>(null)
  const { apply, blocked } = useSuggestions(form)
  const blockedReason = useBlocked('deployments.create', 'create deployments')
  const waits = form.watch('waitForCapacity')
  const hydrated = useHydrated()

  const submit = async (input: DeployInput): Promise<void> => {
    if (blockedReason) return
    // After the warning that the placement no longer fits, a second press deploys anyway.
    const token = changed === null && !outdated ? preview?.token : undefined
    setChanged(null)
    try {
      const answer = await deploy.send(input, token)
      if (answer.preview?.outcome === 'differs') notice({ text: answer.preview.message })
      router.push(`/deployments/${answer.deployment_id}`)
    } catch (refusal) {
      const values = form.getValues()
      for (const { path, message } of errorFields(refusal)) {
        const field = formPath(path, values)
        if (field) form.setError(field, { type: 'server', message })
        else if (path === 'preview_token') {
          void query.refetch()
          setChanged(`${message}. Press Deploy again to deploy anyway.`)
        }
      }
    }
  }

  return (
    <>
      <PageHeader title="New deployment" parent={{ href: '/deployments', label: 'Deployments' }} />
      <div className="-mb-16 border-t border-line lg:grid lg:min-h-[calc(100dvh-85px)] lg:grid-cols-[minmax(0,26rem)_minmax(0,1fr)]">
        <fieldset disabled={!hydrated} className="min-w-0">
          <DeployFields
            form={form}
            regions={preview?.regions ?? []}
            busy={deploy.busy || deploy.done}
            blocked={blockedReason}
            problem={changed ?? (deploy.error ? errorSentence(deploy.error) : null)}
            willFail={Boolean(preview?.placement.refusal) && !outdated && !waits}
            onSubmit={form.handleSubmit(submit)}
          />
        </fieldset>
        <section
          aria-label="Placement preview"
          className="px-4 pt-5 pb-16 max-lg:border-t max-lg:border-line md:px-6 lg:border-l lg:border-line"
        >
          <h2 className="mb-3 font-semibold">Placement preview</h2>
          <QueryView
            query={query}
            inset
            failed="Could not run the scheduler"
            loading={
              valid ? (
                'Asking the scheduler'
              ) : (
                <p className="text-ink-2">Enter valid values to see where it would run.</p>
              )
            }
          >
            {(shown) => <Preview {...shown} outdated={outdated} waits={waits} onApply={apply} blocked={blocked} />}
          </QueryView>
        </section>
      </div>
    </>
  )
}

/** Applies a suggestion: fills it into the form, or changes the fleet as it says. */
function useSuggestions(form: ReturnType<typeof useForm<DeployForm, unknown, DeployInput>>) {
  const trpc = useTRPC()
  const notice = useNotice()
  const mayCordon = useBlocked('nodes.cordon', 'uncordon nodes')
  const cordon = useMutation(trpc.node.cordon.mutationOptions())
  const uncordon = async (suggestion: Suggestion, ids: string[]): Promise<void> => {
    await Promise.all(ids.map((id) => cordon.mutateAsync({ id, cordoned: false })))
    notice({
      text: `Uncordoned ${suggestion.nodeIds.join(', ')}`,
      undo: () => {
        for (const id of ids) cordon.mutate({ id, cordoned: true })
      },
    })
  }
  return {
    apply: (suggestion: Suggestion, ids: string[]): void => {
      const change = suggestedChange(suggestion, form.getValues())
      if (change)
        for (const [name, value] of Object.entries(change))
          form.setValue(name as keyof DeployForm, value, { shouldValidate: true, shouldDirty: true })
      else if (suggestion.kind === 'uncordon')
        void uncordon(suggestion, ids).catch((error) => notice({ text: errorSentence(error) }))
    },
    blocked: ({ kind }: Suggestion): string | null => {
      if (kind === 'undrain') return 'Cancel the drain on the node page.'
      return kind === 'uncordon' ? mayCordon : null
    },
  }
}
