/** @type {import('next').NextConfig} */
export default {
  poweredByHeader: false,
  agentRules: false,
  experimental: { agentUpgrade: false },
  // `npm test` checks types; the first start need not wait for it.
  typescript: { ignoreBuildErrors: true },
  turbopack: { root: import.meta.dirname },
  // Browsers ask for it by habit, whatever a page links to.
  rewrites: async () => [{ source: '/favicon.ico', destination: '/icon.svg' }],
}
