/** A large fleet with everything that runs on it, inserted with SQL. */

import { hashToken } from '@/server/store/accounts/credentials'
import type { Speaker } from '@/server/store/agents/identities'
import type { Scratch } from './scratch'

interface BigFleet {
  nodes: number
  deployments: number
  /** The instance that speaks for all nodes. */
  speaker: Speaker
}

/** Returns the UUIDs of the nodes, in the order of their names. */
export async function seedBigFleet(
  { store, actor }: Scratch,
  { nodes, deployments, speaker }: BigFleet,
): Promise<string[]> {
  const regions = Math.min(10, nodes)
  // Nodes that end up three quarters full, with each deployment on three consecutive nodes.
  const { rows } = await store.pool.query<{ id: string }>(
    `insert into nodes (id, node_id, region, status, labels, cpu_cores, memory_mb, storage_gb, credential_hash, agent_instance, last_heartbeat,
       cpu_usage_percent, memory_usage_percent, updated_at)
     select md5('n' || i)::uuid, 'node-' || lpad(i::text, 6, '0'), 'region-' || i % $2, 'active', '{}', 2, 4096, 100, $3, $4, now(),
       i % 60, i % 50, now()
     from generate_series(0, $1 - 1) i returning id`,
    [nodes, regions, hashToken(speaker.credential), speaker.instance],
  )
  await store.pool.query(
    `insert into deployments (id, name, type, user_id, container_image, status, target_replicas, region, priority, placement_rules, updated_at)
     select md5('d' || i)::uuid, 'app-' || i, 'compute', $2, 'nginx', 'running', 3, 'region-' || i % $3, i % 100,
       case when i % 20 = 0 then '{"preferences":[],"spread":[{"across":"region","maxSkew":null,"weight":50}],"affinity":[]}'::jsonb end, now()
     from generate_series(0, $1 - 1) i`,
    [deployments, actor.id, regions],
  )
  await store.pool.query(
    `insert into deployment_resources (id, deployment_id, cpu_cores, memory_mb)
     select md5('s' || i)::uuid, md5('d' || i)::uuid, 0.5, 1024 from generate_series(0, $1 - 1) i`,
    [deployments],
  )
  await store.pool.query(
    `insert into deployment_replicas (id, deployment_id, node_id, slot, generation, status, wanted, reserved, cpu_millis, memory_mb, gpu_units,
       storage_gb, started_at, acknowledged_at, updated_at)
     select md5('r' || i || '-' || s)::uuid, md5('d' || i)::uuid, md5('n' || (3 * i + s) % $2)::uuid, s, 1, 'running', 'run', true, 500,
       1024, 0, 10, now() - interval '1 hour', now(), now()
     from generate_series(0, $1 - 1) i, generate_series(0, 2) s`,
    [deployments, nodes],
  )
  await store.pool.query(
    `update nodes n set reserved_cpu_millis = r.cpu, reserved_memory_mb = r.memory, reserved_storage_gb = r.storage
     from (select node_id, sum(cpu_millis) cpu, sum(memory_mb) memory, sum(storage_gb) storage from deployment_replicas group by node_id) r
     where r.node_id = n.id`,
  )
  return rows.map(({ id }) => id)
}
