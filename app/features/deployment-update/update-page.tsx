'use client'

import { skipToken, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import dynamic from 'next/dynamic'
import { useRouter, useSearchParams } from 'next/navigation'
import { useState } from 'react'
import { useForm, useWatch } from 'react-hook-form'
import { DeployFields } from '@/app/features/deploy-form/deploy-fields'
import { formPath } from '@/app/features/deploy-form/field-paths'
import { checkForm, readForm } from '@/app/features/deploy-form/form-schema'
import type { DeployInput } from '@/app/features/deploy-form/inputs'
import { ChangeList } from '@/app/features/deployment/change-list'
import { useTRPC } from '@/app/trpc'
import { ButtonLink } from '@/app/ui/button'
import { Field, Input } from '@/app/ui/form/field'
import { useHydrated } from '@/app/ui/hydrated'
import { PageHeader } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty, Loading } from '@/app/ui/status/states'
import { errorFields, errorSentence } from '@/app/ui/text/errors'
import { usePageTitle } from '@/app/ui/text/title'
import type { Suggestion } from '@/core/placement/types'
import type { DeploymentDetail } from '@/core/views/deployments'
import type { DeployForm } from '../deploy-form/form'
import { changesOf, formOf, updateOf } from './changes'
import { KnownVariables } from './known-variables'
import { suggestedUpdate } from './suggested'
import type { PreviewUpdateInput } from './update-preview'

const UpdatePreview = dynamic(() => import('./update-preview').then((part) => part.UpdatePreview))

const loading = 'Loading deployment'

export function UpdatePage({ id }: { id: string }) {
  const trpc = useTRPC()
  const query = useQuery(trpc.deployment.detail.queryOptions({ id }))
  // A suggestion from a refusal, applied to the form.
  const asked = useSearchParams()
  const decision = asked.get('decision')
  const refused = useQuery(trpc.decision.get.queryOptions(decision === null ? skipToken : { id: decision }))
  usePageTitle(query.data && `Update ${query.data.name}`)
  return (
    <QueryView
      query={query}
      failed="Could not load the deployment"
      loading={loading}
      notFound={
        <Empty title="Deployment not found" action={<ButtonLink href="/deployments">All deployments</ButtonLink>}>
          Check the address. It may belong to another installation.
        </Empty>
      }
    >
      {(deployment) =>
        refused.isLoading ? (
          <Loading label={loading} />
        ) : (
          <UpdateForm
            deployment={deployment}
            suggestion={refused.data?.placement.refusal?.suggestions[Number(asked.get('suggestion'))] ?? null}
          />
        )
      }
    </QueryView>
  )
}

/** The deploy form filled in with the deployment, and a preview of the changes. */
function UpdateForm({ deployment, suggestion }: { deployment: DeploymentDetail; suggestion: Suggestion | null }) {
  const trpc = useTRPC()
  const router = useRouter()
  const queries = useQueryClient()
  const hydrated = useHydrated()
  // The deployment as it was when the form opened: later changes by others don't alter the form.
  const [initial] = useState(() => formOf(deployment))
  const [before] = useState(() => readForm(initial))
  const [removed, setRemoved] = useState<string[]>([])
  const [reason, setReason] = useState('')
  const form = useForm<DeployForm, unknown, DeployInput>({
    resolver: checkForm,
    defaultValues: { ...initial, ...(suggestion && suggestedUpdate(suggestion, initial)) },
    mode: 'onTouched',
  })
  // All fields have a value from the start.
  const wanted = readForm(useWatch({ control: form.control }) as DeployForm)
  const changes = wanted && before ? changesOf(before, wanted, removed) : null
  const regions = useQuery({
    ...trpc.node.list.queryOptions(),
    select: (nodes) => [...new Set(nodes.map(({ region }) => region))].sort(),
  })
  const update = useMutation(trpc.deployment.update.mutationOptions())
  const bodyOf = (input: DeployInput) => ({
    ...updateOf(before ?? input, input, removed),
    ...(reason.trim() && { reason: reason.trim() }),
  })
  /** Values of variables don't affect the preview, and stay in the browser until the update is sent. */
  const previewInput = (): PreviewUpdateInput | null => {
    if (!wanted || !changes || changes.length === 0) return null
    const { env, reason: _, ...fields } = bodyOf(wanted)
    return { deployment_id: deployment.id, ...fields, changes_env: env !== undefined }
  }
  const apply = (suggestion: Suggestion): void => {
    for (const [name, value] of Object.entries(suggestedUpdate(suggestion, form.getValues()) ?? {}))
      form.setValue(name as keyof DeployForm, value, { shouldValidate: true, shouldDirty: true })
  }
  const nothing = changes !== null && changes.length === 0 ? 'No changes yet.' : null

  const submit = async (input: DeployInput): Promise<void> => {
    if (deployment.blocked.update || nothing) return
    try {
      await update.mutateAsync({ deployment_id: deployment.id, ...bodyOf(input) })
      await queries.invalidateQueries({ queryKey: trpc.deployment.pathKey() })
      router.push(`/deployments/${deployment.id}`)
    } catch (refusal) {
      const values = form.getValues()
      for (const { path, message } of errorFields(refusal)) {
        const field = formPath(path, values)
        if (field) form.setError(field, { type: 'server', message })
      }
    }
  }

  return (
    <>
      <PageHeader
        title={`Update ${deployment.name}`}
        parent={{ href: `/deployments/${deployment.id}`, label: deployment.name }}
      />
      <div className="-mb-16 border-t border-line lg:grid lg:min-h-[calc(100dvh-85px)] lg:grid-cols-[minmax(0,26rem)_minmax(0,1fr)]">
        <fieldset disabled={!hydrated} className="min-w-0">
          <DeployFields
            form={form}
            regions={regions.data ?? []}
            busy={update.isPending || update.isSuccess}
            blocked={deployment.blocked.update ?? nothing}
            problem={update.error ? errorSentence(update.error) : null}
            willFail={false}
            onSubmit={form.handleSubmit(submit)}
            update={{
              id: deployment.id,
              bodyOf,
              variables: <KnownVariables names={deployment.envNames} removed={removed} onChange={setRemoved} />,
            }}
          />
        </fieldset>
        <section
          aria-label="Changes"
          className="space-y-4 px-4 pt-5 pb-16 max-lg:border-t max-lg:border-line md:px-6 lg:border-l lg:border-line"
        >
          <h2 className="font-semibold">Changes</h2>
          {changes === null ? (
            <p className="text-ink-2">Enter valid values to see the changes.</p>
          ) : changes.length === 0 ? (
            <p className="text-ink-2">No changes yet: the form matches the deployment.</p>
          ) : (
            <ChangeList changes={changes} />
          )}
          {changes !== null && changes.length > 0 && (
            <UpdatePreview
              input={previewInput()}
              waits={form.watch('waitForCapacity')}
              onApply={apply}
              blocked={(suggestion) =>
                suggestedUpdate(suggestion, form.getValues()) ? null : 'Do this on the node page.'
              }
            />
          )}
          <p className="max-w-prose text-ink-2">
            Replicas are replaced one by one. Each keeps running until its replacement is up and passes its health
            check, if it has one. A failed update pauses and shows the reason. You can roll back to any earlier
            revision.
          </p>
          <Field label="Reason (optional)" hint="Shown in the history." className="max-w-md">
            {(wiring) => (
              <Input
                {...wiring}
                value={reason}
                maxLength={200}
                autoComplete="off"
                onChange={(event) => setReason(event.target.value)}
              />
            )}
          </Field>
        </section>
      </div>
    </>
  )
}
