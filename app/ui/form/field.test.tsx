// @vitest-environment happy-dom
import { cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, test } from 'vitest'
import { Field, Input } from './field'

afterEach(cleanup)

const show = (error?: string) =>
  render(
    <Field label="Memory" hint="512 to 16384" error={error}>
      {(wiring) => <Input {...wiring} unit="MiB" />}
    </Field>,
  )

test('the input has the label as its name and the hint as its description', () => {
  show()
  const field = screen.getByLabelText('Memory')
  expect(document.getElementById(field.getAttribute('aria-describedby') ?? '')?.textContent).toBe('512 to 16384')
  expect(field.getAttribute('aria-invalid')).toBeNull()
})

test('an error replaces the hint and is announced', () => {
  show('Memory must be between 512 and 16384 MiB')
  const field = screen.getByLabelText('Memory')
  const error = screen.getByRole('alert')
  expect(error.id).toBe(field.getAttribute('aria-describedby'))
  expect(field.getAttribute('aria-invalid')).toBe('true')
  expect(screen.queryByText('512 to 16384')).toBeNull()
})
