'use client'

import { regionHint } from '@/app/features/placement/region-hint'
import { Combobox } from '@/app/ui/form/combobox'
import { Field, Input } from '@/app/ui/form/field'
import { limits } from '@/core/placement/resources'
import type { RequestName, RequestTexts } from './request-query'

interface RequestFieldsProps {
  texts: RequestTexts
  problems: Partial<RequestTexts>
  regions: string[]
  onChange: (name: RequestName, text: string) => void
}

const range = ({ min, max }: { min: number; max: number }): string => `${min} to ${max}`

const numbers: { name: RequestName; label: string; unit?: string; hint: string }[] = [
  { name: 'replicas', label: 'Replicas', hint: range(limits.replicas) },
  { name: 'cpu', label: 'CPU', unit: 'cores', hint: range(limits.cpu) },
  { name: 'memory', label: 'Memory', unit: 'MiB', hint: range(limits.memory) },
  { name: 'storage', label: 'Storage', unit: 'GiB', hint: range(limits.storage) },
  { name: 'gpu', label: 'GPU', unit: 'units', hint: range(limits.gpu) },
  { name: 'per', label: 'Replicas per node', hint: 'Maximum per node' },
]

/** The request that nodes are ranked for; the ranking follows while the user types. */
export function RequestFields({ texts, problems, regions, onChange }: RequestFieldsProps) {
  return (
    <div className="grid grid-cols-2 content-start gap-3 sm:grid-cols-3">
      {numbers.map(({ name, label, unit, hint }) => (
        <Field key={name} label={label} hint={hint} error={problems[name]}>
          {(wiring) => (
            <Input
              {...wiring}
              {...(unit ? { unit } : {})}
              inputMode="decimal"
              autoComplete="off"
              value={texts[name]}
              onChange={(event) => onChange(name, event.target.value)}
            />
          )}
        </Field>
      ))}
      <Field label="Region" hint={regionHint(texts.region, regions)} error={problems.region}>
        {(wiring) => (
          <Combobox
            {...wiring}
            value={texts.region}
            onChange={(region) => onChange('region', region)}
            options={regions}
            placeholder="anywhere"
            autoCapitalize="off"
            spellCheck={false}
          />
        )}
      </Field>
      <Field
        label="Label rules"
        hint="Example: disk = ssd; zone in a, b; gpu exists"
        error={problems.labels}
        className="sm:col-span-2"
      >
        {(wiring) => (
          <Input
            {...wiring}
            value={texts.labels}
            onChange={(event) => onChange('labels', event.target.value)}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            placeholder="none"
          />
        )}
      </Field>
    </div>
  )
}
