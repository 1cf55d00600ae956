'use client'

import type { UseFormRegisterReturn } from 'react-hook-form'
import { Input, Select } from '@/app/ui/form/field'
import { constraintOps } from './form-fields'

interface LabelFieldsProps {
  /** The chosen comparison. */
  op: (typeof constraintOps)[number]
  /** Names the row: "constraint 1". */
  label: string
  field: (key: 'key' | 'op' | 'values') => UseFormRegisterReturn
  opClassName: string
}

/** The label of a node that a row is about, and what the label is compared with. */
export function LabelFields({ op, label, field, opClassName }: LabelFieldsProps) {
  return (
    <>
      <Input aria-label={`Label of ${label}`} placeholder="disk" {...field('key')} />
      <Select aria-label={`Comparison of ${label}`} className={opClassName} {...field('op')}>
        {constraintOps.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </Select>
      <Input
        aria-label={`Value of ${label}`}
        placeholder={op === 'in' ? 'ssd, nvme' : 'ssd'}
        {...field('values')}
        disabled={op === 'exists'}
      />
    </>
  )
}
