// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { useState } from 'react'
import { afterEach, expect, test } from 'vitest'
import { Tabs } from './tabs'

afterEach(cleanup)

function Three() {
  const [value, setValue] = useState<'one' | 'two' | 'three'>('one')
  return (
    <>
      <button type="button" onClick={() => setValue('one')}>
        Back
      </button>
      <Tabs
        label="Parts"
        value={value}
        onChange={setValue}
        tabs={[
          { value: 'one', label: 'One', content: () => 'first' },
          { value: 'two', label: 'Two', content: () => 'second' },
          { value: 'three', label: 'Three', content: () => 'third' },
        ]}
      />
    </>
  )
}

const opened = () => screen.getAllByRole('tab').find((tab) => tab.getAttribute('aria-selected') === 'true')
const press = (key: string, modifier = {}) => fireEvent.keyDown(opened() as HTMLElement, { key, ...modifier })

test('a click opens a tab and shows only its panel', () => {
  render(<Three />)
  expect(screen.getByRole('tabpanel', { name: 'One' }).textContent).toBe('first')
  fireEvent.click(screen.getByRole('tab', { name: 'Two' }))
  expect(screen.getByRole('tabpanel', { name: 'Two' }).textContent).toBe('second')
  expect(screen.queryByText('first')).toBeNull()
})

test('arrow keys wrap around, Home and End go to the ends, and the focus follows', () => {
  render(<Three />)
  for (const [key, name] of [
    ['ArrowLeft', 'Three'],
    ['ArrowRight', 'One'],
    ['ArrowRight', 'Two'],
    ['End', 'Three'],
    ['Home', 'One'],
  ] as const) {
    press(key)
    expect(opened()?.textContent).toBe(name)
    expect(document.activeElement).toBe(opened())
  }
})

test('the Tab key reaches only the open tab', () => {
  render(<Three />)
  press('ArrowRight')
  expect(screen.getAllByRole('tab').map((tab) => tab.tabIndex)).toEqual([-1, 0, -1])
})

test('going back in the history opens the earlier tab and moves the tab stop to it', () => {
  render(<Three />)
  const second = screen.getByRole('tab', { name: 'Two' })
  second.focus()
  fireEvent.click(second)
  fireEvent.click(screen.getByText('Back'))
  expect(opened()?.textContent).toBe('One')
  expect(screen.getAllByRole('tab').map((tab) => tab.tabIndex)).toEqual([0, -1, -1])
  // The browser does this to the tab that was pressed, when the user returns to its window.
  fireEvent.blur(second)
  fireEvent.focus(second)
  expect(opened()?.textContent).toBe('One')
})

test('leaves scrolling and browser shortcuts alone', () => {
  render(<Three />)
  press('PageDown')
  expect(opened()?.textContent).toBe('One')
  press('ArrowRight', { altKey: true })
  expect(opened()?.textContent).toBe('One')
})
