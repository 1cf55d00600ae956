// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, expect, test, vi } from 'vitest'
import { ConfirmDialog } from './dialog'

afterEach(cleanup)

function show() {
  const onConfirm = vi.fn()
  render(
    <ConfirmDialog
      open
      onClose={() => {}}
      title="Delete web-api?"
      typeName="web-api"
      action="Delete"
      onConfirm={onConfirm}
    >
      This can't be undone.
    </ConfirmDialog>,
  )
  const field = screen.getByLabelText<HTMLInputElement>(/Type web-api/)
  const submit = (): void => {
    fireEvent.submit(field.form ?? field)
  }
  return { onConfirm, field, submit }
}

test('what cannot be undone happens only after its name was typed', () => {
  const { onConfirm, field, submit } = show()
  submit()
  fireEvent.change(field, { target: { value: 'web-ap' } })
  submit()
  expect(onConfirm).not.toHaveBeenCalled()
  fireEvent.change(field, { target: { value: 'web-api' } })
  submit()
  expect(onConfirm).toHaveBeenCalledTimes(1)
})

test('until then the button says why it does nothing', () => {
  show()
  expect(screen.getByRole('button', { name: 'Delete' }).getAttribute('aria-disabled')).toBe('true')
})
