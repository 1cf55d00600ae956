'use client'

import Link from 'next/link'
import { type FormEvent, lazy, type ReactNode, Suspense, useState } from 'react'
import { Controller, type UseFormReturn } from 'react-hook-form'
import { regionHint } from '@/app/features/placement/region-hint'
import { Button } from '@/app/ui/button'
import { Combobox } from '@/app/ui/form/combobox'
import { Checkbox, Field, FieldError, Input, Select } from '@/app/ui/form/field'
import { CopyButton } from '@/app/ui/text/copy'
import { curlText } from '@/app/ui/text/curl'
import { deploymentTypes, limits } from '@/core/placement/resources'
import type { AdvancedFieldsProps } from './advanced-fields'
import type { DeployForm } from './form'
import { readForm } from './form-schema'
import type { DeployInput } from './inputs'

interface DeployFieldsProps {
  form: UseFormReturn<DeployForm, unknown, DeployInput>
  regions: string[]
  busy: boolean
  /** The reason why the user can't deploy; null when they can. */
  blocked: string | null
  problem: string | null
  /** The preview found no placement, and the deployment would not wait for capacity. */
  willFail: boolean
  onSubmit: (event: FormEvent) => Promise<void>
  /** For updates of an existing deployment; without it the form creates one. */
  update?: UpdateLabels
}

interface UpdateLabels {
  id: string
  /** The body of the REST call: only what differs. */
  bodyOf: (input: DeployInput) => unknown
  /** Shown above the rows for variables: the existing variables. */
  variables: ReactNode
}

const typeHints = {
  compute: 'Runs a program. Informational only; does not affect placement.',
  storage: 'Stores data. Informational only; does not affect placement.',
  gateway: 'Receives outside traffic. Informational only; does not affect placement.',
} as const

export function DeployFields(props: DeployFieldsProps) {
  const { form, regions, busy, blocked, problem, willFail, onSubmit, update } = props
  const { errors } = form.formState
  const type = form.watch('type')
  const region = form.watch('region')
  return (
    <form noValidate onSubmit={(event) => void onSubmit(event)} className="space-y-5 px-4 py-5 md:px-6">
      {blocked && <p className="border-l-2 border-control pl-3 text-ink-2">{blocked}</p>}
      <div className="grid grid-cols-[minmax(0,1fr)_8rem] gap-3">
        <Field label="Name" hint={update && "Can't be changed."} error={errors.name?.message}>
          {(wiring) => (
            <Input
              {...wiring}
              placeholder="web-api"
              readOnly={update !== undefined}
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              {...form.register('name')}
            />
          )}
        </Field>
        <Field label="Type" hint={typeHints[type]} error={errors.type?.message}>
          {(wiring) => (
            <Select {...wiring} {...form.register('type')}>
              {deploymentTypes.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          )}
        </Field>
      </div>
      <Field label="Container image" error={errors.image?.message}>
        {(wiring) => (
          <Input
            {...wiring}
            placeholder="nginx:1.27"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            className="font-mono"
            {...form.register('image')}
          />
        )}
      </Field>
      <div className="grid grid-cols-[8rem_minmax(0,1fr)] gap-3">
        <Field
          label="Replicas"
          hint={`${limits.replicas.min} to ${limits.replicas.max}`}
          error={errors.replicas?.message}
        >
          {(wiring) => <Input {...wiring} inputMode="numeric" autoComplete="off" {...form.register('replicas')} />}
        </Field>
        <Field label="Region" hint={regionHint(region, regions)} error={errors.region?.message}>
          {(wiring) => (
            <Controller
              control={form.control}
              name="region"
              render={({ field }) => (
                <Combobox
                  {...wiring}
                  ref={field.ref}
                  name={field.name}
                  value={field.value}
                  onChange={field.onChange}
                  onBlur={field.onBlur}
                  options={regions}
                  placeholder="anywhere"
                  autoCapitalize="off"
                  spellCheck={false}
                />
              )}
            />
          )}
        </Field>
      </div>
      <fieldset>
        <legend className="mb-2 text-meta text-ink-3">Resources per replica</legend>
        <div className="grid grid-cols-2 gap-3">
          <Field label="CPU" hint={`${limits.cpu.min} to ${limits.cpu.max}`} error={errors.cpu?.message}>
            {(wiring) => (
              <Input {...wiring} unit="cores" inputMode="decimal" autoComplete="off" {...form.register('cpu')} />
            )}
          </Field>
          <Field label="Memory" hint={`${limits.memory.min} to ${limits.memory.max}`} error={errors.memory?.message}>
            {(wiring) => (
              <Input {...wiring} unit="MiB" inputMode="numeric" autoComplete="off" {...form.register('memory')} />
            )}
          </Field>
          <Field
            label="Storage"
            hint={`${limits.storage.min} to ${limits.storage.max}, not enforced`}
            error={errors.storage?.message}
          >
            {(wiring) => (
              <Input {...wiring} unit="GiB" inputMode="numeric" autoComplete="off" {...form.register('storage')} />
            )}
          </Field>
          <Field label="GPU" hint={`${limits.gpu.min} to ${limits.gpu.max}`} error={errors.gpu?.message}>
            {(wiring) => (
              <Input {...wiring} unit="units" inputMode="numeric" autoComplete="off" {...form.register('gpu')} />
            )}
          </Field>
        </div>
      </fieldset>
      <Checkbox
        label="Wait for capacity"
        hint="If it doesn't fit, stay pending instead of failing."
        {...form.register('waitForCapacity')}
      />
      <Advanced form={form} variables={update?.variables} />
      <div className="space-y-3 border-t border-line pt-4">
        {problem && <FieldError>{problem}</FieldError>}
        {!problem && willFail && (
          <p className="text-degraded">
            This does not fit the fleet right now and would fail. Apply a change, or let it wait for capacity.
          </p>
        )}
        <div className="flex flex-wrap items-center gap-2">
          <Button type="submit" variant="primary" busy={busy} blocked={blocked}>
            {update ? 'Update' : 'Deploy'}
          </Button>
          <CopyAsCurl form={form} update={update} />
          <Link
            href={update ? `/deployments/${update.id}` : '/deployments'}
            className="ml-auto px-2 py-1 text-ink-2 hover:text-ink"
          >
            Cancel
          </Link>
        </div>
      </div>
    </form>
  )
}

/** Copies this deployment as a curl command; while the form is invalid, a click shows the errors. */
function CopyAsCurl({ form, update }: { form: DeployFieldsProps['form']; update: UpdateLabels | undefined }) {
  const input = readForm(form.watch())
  if (!input) return <Button onClick={() => void form.trigger()}>Copy as curl</Button>
  const path = update ? `/api/deployment/update/${update.id}` : '/api/deployment/deploy'
  const body = update ? update.bodyOf(input) : input
  return (
    <CopyButton
      label="Copy as curl"
      text={() => curlText({ method: 'POST', origin: window.location.origin, path, body })}
    />
  )
}

const advancedFields = [
  'policy',
  'priority',
  'maxPerNode',
  'lostAfter',
  'constraints',
  'preferences',
  'spread',
  'affinity',
  'ports',
  'env',
] as const satisfies readonly (keyof DeployForm)[]

/** Most deployments need none of these fields, so they are loaded when first opened. */
const AdvancedFields = lazy(() => import('./advanced-fields'))

function Advanced({ form, variables }: AdvancedFieldsProps) {
  const { errors } = form.formState
  const hasProblem = advancedFields.some((name) => errors[name])
  const [open, setOpen] = useState(false)
  const isOpen = open || hasProblem
  return (
    <details
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      className="group border-t border-line pt-4"
    >
      <summary className="flex list-none items-center gap-2 font-medium [&::-webkit-details-marker]:hidden">
        <span aria-hidden className="text-ink-3 transition-transform group-open:rotate-90">
          ›
        </span>
        Advanced
        <span className="font-normal text-ink-3">policy, node loss, labels, spread, ports, environment</span>
      </summary>
      {isOpen && (
        <Suspense>
          <AdvancedFields form={form} variables={variables} />
        </Suspense>
      )}
    </details>
  )
}
