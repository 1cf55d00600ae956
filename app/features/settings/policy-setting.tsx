'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { isProfile, policyForm } from '@/app/features/deploy-form/filled-in'
import { type PolicyForm, policyInputOf, policyProblem } from '@/app/features/deploy-form/policy-form'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { Checkbox, Field, FieldError, Input } from '@/app/ui/form/field'
import { useFieldProblems } from '@/app/ui/form/use-fields'
import { useNotice } from '@/app/ui/overlay/notice'
import { type Policy, type PolicyProfile, policyProfileNames, policyProfiles } from '@/core/placement/types'
import type { PolicyInput } from './policy-input'
import { WhatIf } from './what-if'

const choices: Record<PolicyProfile | 'custom', string> = {
  spread: 'Spreads load evenly: emptiest nodes first.',
  pack: 'Fills nodes one by one, so that others stay free for large deployments.',
  near: 'Preferred region first, then free capacity.',
  custom: 'Custom weights.',
}

const choiceNames = [...policyProfileNames, 'custom'] as const

const inputOf = (policy: Policy): PolicyInput =>
  isProfile(policy.name) ? policy.name : { weights: policy.weights, ...(policy.packing && { packing: true }) }

/** Selects a policy and tries it on recent decisions; only its button saves it. */
export function PolicySetting({ policy }: { policy: Policy }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const [form, setForm] = useState(() => policyForm(policy))
  const [tried, setTried] = useState<PolicyInput | null>(null)
  const { problems, set, take, clear } = useFieldProblems(['policy'])
  const save = useMutation(trpc.settings.setPolicy.mutationOptions())
  const change = (changes: Partial<PolicyForm>): void => {
    clear()
    setTried(null)
    setForm((old) => ({ ...old, ...changes }))
  }

  /** The chosen policy; null after showing what is invalid. */
  const chosen = (): PolicyInput | null => {
    const problem = policyProblem(form)
    set(problem === null ? {} : { policy: problem })
    return (problem === null && policyInputOf(form).policy) || null
  }
  const write = async (input: PolicyInput): Promise<void> => {
    await save.mutateAsync({ policy: input })
    await queries.invalidateQueries({ queryKey: trpc.settings.get.queryKey() })
  }
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const input = chosen()
    if (input === null || save.isPending) return
    try {
      await write(input)
      notice({ text: 'Saved the default policy', undo: () => void write(inputOf(policy)) })
    } catch (error) {
      take(error)
    }
  }
  return (
    <form noValidate onSubmit={(event) => void submit(event)} className="max-w-2xl space-y-4">
      <fieldset className="space-y-2">
        <legend className="sr-only">Policy</legend>
        {choiceNames.map((name) => (
          <label key={name} className="flex gap-2">
            <input
              type="radio"
              name="policy"
              checked={form.choice === name}
              onChange={() => change({ choice: name })}
              className="mt-0.5 size-4 shrink-0 accent-accent"
            />
            <span>
              <span className="font-medium">{name}</span>{' '}
              <span className="text-ink-2">
                {choices[name]} {name !== 'custom' && weightsText(policyProfiles[name])}
              </span>
            </span>
          </label>
        ))}
      </fieldset>
      {form.choice === 'custom' && (
        <fieldset className="space-y-3 pl-6">
          <legend className="mb-1 text-meta text-ink-3">Weights (must add up to 1)</legend>
          <div className="grid max-w-md grid-cols-3 gap-3">
            {(['resources', 'load', 'locality'] as const).map((name) => (
              <Field key={name} label={`${name[0]?.toUpperCase()}${name.slice(1)}`}>
                {(wiring) => (
                  <Input
                    {...wiring}
                    inputMode="decimal"
                    autoComplete="off"
                    value={form[name]}
                    onChange={(event) => change({ [name]: event.target.value })}
                  />
                )}
              </Field>
            ))}
          </div>
          <Checkbox
            label="Packing"
            hint="Fuller nodes score higher on resources."
            checked={form.packing}
            onChange={(event) => change({ packing: event.target.checked })}
          />
        </fieldset>
      )}
      {(problems.policy ?? problems['']) && <FieldError>{problems.policy ?? problems['']}</FieldError>}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" busy={save.isPending}>
          Save policy
        </Button>
        <Button onClick={() => setTried(chosen())}>Try on past decisions</Button>
      </div>
      {tried !== null && <WhatIf policy={tried} />}
    </form>
  )
}

const weightsText = ({ weights }: Policy): string =>
  `(${weights.resources} resources, ${weights.load} load, ${weights.locality} locality)`
