/** A browser without pages: keeps cookies and makes the calls of the pages, within this process. */
import { handleNextAuth } from '@/server/api/http/next-auth'
import { handleTrpc } from '@/server/api/http/trpc-http'
import type { TestControlPlane } from './control-plane'

const origin = 'http://localhost:3000'

export class TestBrowser {
  readonly cookies = new Map<string, string>()

  constructor(
    readonly controlPlane: Pick<TestControlPlane, 'services'>,
    readonly userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  ) {}

  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** Copies the browser with its current cookies, as somebody who stole them would. */
  copy(): TestBrowser {
    const copy = new TestBrowser(this.controlPlane, this.userAgent)
    for (const [name, value] of this.cookies) copy.cookies.set(name, value)
    return copy
  }

  #keep(response: Response): Response {
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return response
  }

  /** Calls /api/auth. */
  async auth(path: string, fields?: Record<string, string>): Promise<Response> {
    const headers = { cookie: this.cookie, 'user-agent': this.userAgent }
    const url = `${origin}/api/auth/${path}`
    const request =
      fields === undefined
        ? new Request(url, { headers })
        : new Request(url, { method: 'POST', headers, body: new URLSearchParams(fields) })
    return this.#keep(await handleNextAuth(this.controlPlane.services, request))
  }

  async #post(path: string, fields: Record<string, string>): Promise<Response> {
    const { csrfToken } = (await (await this.auth('csrf')).json()) as { csrfToken: string }
    return this.auth(path, { ...fields, csrfToken, json: 'true' })
  }

  signIn = (username: string, password: string) => this.#post('callback/credentials', { username, password })
  signOut = () => this.#post('signout', {})

  /** Calls a procedure like a page does; with an input it is a mutation. */
  call(path: string, input?: object, more: Record<string, string> = {}): Promise<Response> {
    const url = `${origin}/api/trpc/${path}`
    const headers = { cookie: this.cookie, 'user-agent': this.userAgent, ...more }
    if (input === undefined) return handleTrpc(this.controlPlane.services, new Request(url, { headers }))
    const body = JSON.stringify(input)
    const length = String(Buffer.byteLength(body))
    const request = new Request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': length, ...headers },
      body,
    })
    return handleTrpc(this.controlPlane.services, request)
  }

  async ask<T>(path: string): Promise<T> {
    const response = await this.call(path)
    if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${await response.text()}`)
    return ((await response.json()) as { result: { data: T } }).result.data
  }
}
