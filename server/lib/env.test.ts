import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EnvError, readEnv } from './env'

const complaintOf = (source: Record<string, string>): string => {
  try {
    readEnv(source)
  } catch (error) {
    if (error instanceof EnvError) return error.message
  }
  throw new Error(`accepted: ${JSON.stringify(source)}`)
}

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(readEnv({})).toEqual({
      port: 3000,
      host: '0.0.0.0',
      publicUrl: null,
      trustedProxies: [],
      webhookAddresses: [],
      dataDir: resolve('.fogdeck'),
      databaseUrl: null,
      adminUsername: 'admin',
      adminPassword: null,
      fleet: 'demo',
      role: 'all',
      demoNodes: 12,
      logLevel: 'info',
      production: false,
    })
  })

  it('takes what is given', () => {
    const env = readEnv({
      PORT: '8080',
      FOGDECK_HOST: '::1',
      FOGDECK_PUBLIC_URL: 'https://Fog.example.org/',
      FOGDECK_TRUSTED_PROXIES: '10.0.0.1, 192.168.0.0/16 ::1',
      FOGDECK_WEBHOOK_ADDRESSES: '127.0.0.1',
      FOGDECK_DATA_DIR: '/srv/fog deck',
      DATABASE_URL: 'postgres://me:pw@db.example:5432/fog',
      FOGDECK_ADMIN_USERNAME: 'root@example.org',
      FOGDECK_ADMIN_PASSWORD: ' spaces stay ',
      FOGDECK_FLEET: 'none',
      FOGDECK_ROLE: 'web',
      FOGDECK_DEMO_NODES: '100',
      LOG_LEVEL: 'DEBUG',
      NODE_ENV: 'production',
    })
    expect(env).toEqual({
      port: 8080,
      host: '::1',
      publicUrl: 'https://fog.example.org',
      trustedProxies: ['10.0.0.1', '192.168.0.0/16', '::1'],
      webhookAddresses: ['127.0.0.1'],
      dataDir: '/srv/fog deck',
      databaseUrl: 'postgres://me:pw@db.example:5432/fog',
      adminUsername: 'root@example.org',
      adminPassword: ' spaces stay ',
      fleet: 'none',
      role: 'web',
      demoNodes: 100,
      logLevel: 'debug',
      production: true,
    })
  })

  it('treats an empty variable as one that is not set', () => {
    expect(readEnv({ PORT: '', FOGDECK_ADMIN_PASSWORD: '', DATABASE_URL: '' })).toEqual(readEnv({}))
  })

  it.each([
    [{ PORT: 'http' }, 'PORT must be a whole number from 1 to 65535, not "http"'],
    [{ PORT: '0' }, 'PORT must be a whole number from 1 to 65535, not "0"'],
    [{ PORT: '70000' }, 'PORT must be a whole number from 1 to 65535, not "70000"'],
    [{ PORT: '3000.5' }, 'PORT must be a whole number from 1 to 65535, not "3000.5"'],
    [{ FOGDECK_FLEET: 'big' }, 'FOGDECK_FLEET must be one of demo, local, none, not "big"'],
    [{ FOGDECK_ROLE: 'worker' }, 'FOGDECK_ROLE must be one of all, web, scheduler, not "worker"'],
    [{ FOGDECK_DEMO_NODES: '-1' }, 'FOGDECK_DEMO_NODES must be a whole number from 1 to 10000, not "-1"'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent, not "loud"'],
    [
      { FOGDECK_ADMIN_USERNAME: 'two words' },
      'FOGDECK_ADMIN_USERNAME must be 1 to 64 letters, digits, dots, underscores, hyphens or @, not "two words"',
    ],
    [
      { FOGDECK_HOST: 'localhost' },
      'FOGDECK_HOST must be an address of this machine, such as 127.0.0.1 or 0.0.0.0, not "localhost"',
    ],
    ...['fog.example.org', 'ftp://fog.example.org', 'https://fog.example.org/deck', 'https://fog.example.org?a'].map(
      (url): [Record<string, string>, string] => [
        { FOGDECK_PUBLIC_URL: url },
        `FOGDECK_PUBLIC_URL must be scheme and host, such as https://fogdeck.example.org, not "${url}"`,
      ],
    ),
    ...['proxy.local', '10.0.0.0/33', '::1/129', '10.0.0.1, 10.0.0'].map((list): [Record<string, string>, string] => [
      { FOGDECK_TRUSTED_PROXIES: list },
      `FOGDECK_TRUSTED_PROXIES must be addresses or networks, such as 10.0.0.1, 192.168.0.0/16, not "${list}"`,
    ]),
    [
      { FOGDECK_WEBHOOK_ADDRESSES: 'everywhere' },
      'FOGDECK_WEBHOOK_ADDRESSES must be addresses or networks, such as 10.0.0.1, 192.168.0.0/16, not "everywhere"',
    ],
  ])('refuses %j in one line', (source, message) => {
    expect(complaintOf(source as Record<string, string>)).toBe(message)
  })

  it.each(['mysql://u:hush@h/d', 'postgres://u:hush@h', 'hush'])(
    'refuses the address %s without repeating it',
    (url) => {
      expect(complaintOf({ DATABASE_URL: url })).toBe(
        'DATABASE_URL must look like postgresql://user:password@host:5432/database',
      )
    },
  )
})
