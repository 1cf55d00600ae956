import packageJson from './package.json' with { type: 'json' }

/** @type {import('next').NextConfig} */
export default {
  poweredByHeader: false,
  agentRules: false,
  experimental: { agentUpgrade: false },
  // `npm test` checks types; the first start need not wait for it.
  typescript: { ignoreBuildErrors: true },
  env: { FOGDECK_VERSION: packageJson.version },
  turbopack: { root: import.meta.dirname },
  // Browsers ask for it by habit, whatever a page links to.
  rewrites: async () => [{ source: '/favicon.ico', destination: '/icon.svg' }],
}
