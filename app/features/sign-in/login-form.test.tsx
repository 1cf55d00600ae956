// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LoginForm } from './login-form'

const answers = vi.fn<(path: string) => unknown>()
const assign = vi.fn()

beforeEach(() => {
  answers.mockReset()
  assign.mockReset()
  vi.stubGlobal('fetch', async (path: string) => {
    const answer = path === '/api/auth/csrf' ? { csrfToken: 'abc' } : answers(path)
    if (answer instanceof Error) throw answer
    return new Response(JSON.stringify(answer))
  })
  vi.spyOn(window.location, 'assign').mockImplementation(assign)
})
afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

function tryWith(answer: unknown) {
  answers.mockReturnValue(answer)
  render(<LoginForm next="/nodes?q=a" />)
  const password = screen.getByLabelText<HTMLInputElement>('Password')
  fireEvent.change(screen.getByLabelText('Username'), { target: { value: 'ada' } })
  fireEvent.change(password, { target: { value: 'secret' } })
  fireEvent.submit(password.form ?? password)
}

const refused = (error: string) => ({ url: `http://localhost/login?error=${encodeURIComponent(error)}` })

test('a correct password leads to the requested page', async () => {
  tryWith({ url: 'http://localhost/' })
  await waitFor(() => expect(assign).toHaveBeenCalledWith('/nodes?q=a'))
})

test.each([
  [refused('wrong'), /username or password is wrong/],
  [refused('disabled'), /account is disabled/],
  [refused('busy:3'), /sign-ins right now/],
  [refused('fault'), /could not check your password/],
  [new TypeError('Failed to fetch'), /does not answer/],
])('shows a refusal beside the form (%#)', async (answer, text) => {
  tryWith(answer)
  expect((await screen.findByRole('alert')).textContent).toMatch(text)
  expect(assign).not.toHaveBeenCalled()
})

test('a locked username shows how long to wait and blocks the form', async () => {
  tryWith(refused('locked:42'))
  expect((await screen.findByRole('alert')).textContent).toMatch(/Wait 4\d s/)
  const calls = answers.mock.calls.length
  const button = screen.getByRole('button', { name: 'Sign in' })
  expect(button.getAttribute('aria-disabled')).toBe('true')
  fireEvent.click(button)
  expect(answers.mock.calls.length).toBe(calls)
})
