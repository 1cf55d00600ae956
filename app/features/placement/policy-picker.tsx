'use client'

import { useId } from 'react'
import { Checkbox, Field, Select } from '@/app/ui/form/field'
import type { Policy } from '@/core/placement/types'
import { policyProfileNames } from '@/core/placement/types'
import { partExplanations, partLabels } from './labels'
import {
  effectivePolicy,
  type Percents,
  percentsOf,
  policyFromText,
  policyText,
  rebalanced,
  type WeightName,
  weightNames,
} from './policy-query'

interface PolicyPickerProps {
  /** The value in the address; empty is the base policy. */
  value: string
  onChange: (value: string) => void
  /** The policy of the empty value, and its name in the list. */
  base: Policy
  baseLabel: string
}

/** Selects a policy by name, or three weights that always add up to 100 %. Changes are not saved. */
export function PolicyPicker({ value, onChange, base, baseLabel }: PolicyPickerProps) {
  const input = policyFromText(value)
  const { weights, packing = false } = effectivePolicy(input, base)
  const percents = percentsOf(weights)
  const own = typeof input === 'object' && input !== null
  const move = (next: Percents, packs = packing): void => onChange(policyText(next, packs))
  return (
    <div className="space-y-3">
      <Field label="Policy">
        {(wiring) => (
          <Select
            {...wiring}
            value={own ? 'own' : (input ?? '')}
            onChange={(event) =>
              event.target.value === 'own'
                ? move(percents)
                : onChange(event.target.value === '' ? '' : event.target.value)
            }
          >
            <option value="">{baseLabel}</option>
            {policyProfileNames.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
            <option value="own">custom weights</option>
          </Select>
        )}
      </Field>
      <fieldset className="space-y-2">
        <legend className="mb-1 text-meta text-ink-3">Weights in percent of the score</legend>
        {weightNames.map((name) => (
          <Slider
            key={name}
            name={name}
            value={percents[name]}
            onChange={(to) => move(rebalanced(percents, name, to))}
          />
        ))}
      </fieldset>
      <Checkbox
        label="Bin-packing (fuller nodes first)"
        hint="Fuller nodes score higher on resources."
        checked={packing}
        onChange={(event) => move(percents, event.target.checked)}
      />
    </div>
  )
}

interface SliderProps {
  name: WeightName
  value: number
  onChange: (to: number) => void
}

function Slider({ name, value, onChange }: SliderProps) {
  const id = useId()
  return (
    <div className="grid grid-cols-[5.5rem_minmax(0,1fr)_3rem] items-center gap-3">
      <label htmlFor={id} title={partExplanations[name]}>
        {partLabels[name]}
      </label>
      <input
        id={id}
        type="range"
        min={0}
        max={100}
        step={1}
        value={value}
        aria-valuetext={`${value} %`}
        onChange={(event) => onChange(Number(event.target.value))}
        className="h-(--control-height) w-full min-w-0 accent-accent"
      />
      <span className="text-right" aria-hidden>
        {value} %
      </span>
    </div>
  )
}
