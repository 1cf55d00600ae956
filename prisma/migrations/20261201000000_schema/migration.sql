-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "username" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),
    "session_epoch" INTEGER NOT NULL DEFAULT 0,
    "last_login_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "address" TEXT,
    "last_address" TEXT,
    "network" TEXT NOT NULL,
    "user_agent" TEXT,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_tokens" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "join_tokens" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "max_uses" INTEGER,
    "uses" INTEGER NOT NULL DEFAULT 0,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "join_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agents" (
    "credential_hash" TEXT NOT NULL,
    "instance" UUID,
    "machine" JSONB,
    "claimed_at" TIMESTAMPTZ(3),
    "second" JSONB,
    "second_at" TIMESTAMPTZ(3),
    "allowed" JSONB,
    "allowed_until" TIMESTAMPTZ(3),

    CONSTRAINT "agents_pkey" PRIMARY KEY ("credential_hash")
);

-- CreateTable
CREATE TABLE "nodes" (
    "id" UUID NOT NULL,
    "node_id" TEXT NOT NULL,
    "node_type" TEXT NOT NULL DEFAULT 'compute_node',
    "region" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'idle',
    "cordoned" BOOLEAN NOT NULL DEFAULT false,
    "draining" BOOLEAN NOT NULL DEFAULT false,
    "maintenance_when_drained" BOOLEAN NOT NULL DEFAULT false,
    "simulated" BOOLEAN NOT NULL DEFAULT false,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "latitude" DOUBLE PRECISION,
    "longitude" DOUBLE PRECISION,
    "cpu_cores" DOUBLE PRECISION NOT NULL,
    "memory_mb" INTEGER NOT NULL,
    "storage_gb" INTEGER NOT NULL,
    "gpu_available" INTEGER NOT NULL DEFAULT 0,
    "reported_cpu_cores" DOUBLE PRECISION,
    "reported_memory_mb" INTEGER,
    "reported_storage_gb" INTEGER,
    "reported_gpu" INTEGER,
    "reserved_cpu_millis" INTEGER NOT NULL DEFAULT 0,
    "reserved_memory_mb" INTEGER NOT NULL DEFAULT 0,
    "reserved_storage_gb" INTEGER NOT NULL DEFAULT 0,
    "reserved_gpu" INTEGER NOT NULL DEFAULT 0,
    "cpu_usage_percent" DOUBLE PRECISION,
    "memory_usage_percent" DOUBLE PRECISION,
    "last_heartbeat" TIMESTAMPTZ(3),
    "offline_since" TIMESTAMPTZ(3),
    "offline_counted_from" TIMESTAMPTZ(3),
    "engine" TEXT NOT NULL DEFAULT 'docker',
    "engine_version" TEXT,
    "engine_error" TEXT,
    "agent_version" TEXT,
    "address" TEXT,
    "credential_hash" TEXT NOT NULL,
    "agent_instance" UUID,
    "wanted_revision" BIGINT NOT NULL DEFAULT 0,
    "held_revision" BIGINT NOT NULL DEFAULT 0,
    "reports_waiting_at" TIMESTAMPTZ(3),
    "join_token_id" UUID,
    "removed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "nodes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "node_events" (
    "id" BIGSERIAL NOT NULL,
    "node_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "actor" TEXT NOT NULL,

    CONSTRAINT "node_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outage_protections" (
    "id" BIGSERIAL NOT NULL,
    "region" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "began_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "offline" INTEGER NOT NULL,
    "nodes" INTEGER NOT NULL,
    "overridden_at" TIMESTAMPTZ(3),
    "overridden_by" TEXT,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "outage_protections_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "report_intake" (
    "id" INTEGER NOT NULL,
    "heartbeats_until" TIMESTAMPTZ(3),
    "reports_until" TIMESTAMPTZ(3),
    "resumed_at" TIMESTAMPTZ(3),

    CONSTRAINT "report_intake_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "report_intake_gaps" (
    "id" BIGSERIAL NOT NULL,
    "began_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "report_intake_gaps_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "node_returns" (
    "id" BIGSERIAL NOT NULL,
    "node_id" UUID NOT NULL,
    "offline_since" TIMESTAMPTZ(3) NOT NULL,
    "returned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "node_returns_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "node_return_replicas" (
    "return_id" BIGINT NOT NULL,
    "replica_id" UUID NOT NULL,
    "plan" TEXT NOT NULL,
    "outcome" TEXT,
    "why" TEXT NOT NULL,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "node_return_replicas_pkey" PRIMARY KEY ("return_id","replica_id")
);

-- CreateTable
CREATE TABLE "region_latencies" (
    "from_region" TEXT NOT NULL,
    "to_region" TEXT NOT NULL,
    "latency_ms" DOUBLE PRECISION NOT NULL,
    "measured_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "region_latencies_pkey" PRIMARY KEY ("from_region","to_region")
);

-- CreateTable
CREATE TABLE "deployments" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "container_image" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "target_replicas" INTEGER NOT NULL,
    "start_replicas" INTEGER,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "region" TEXT,
    "wait_for_capacity" BOOLEAN NOT NULL DEFAULT false,
    "max_per_node" INTEGER NOT NULL DEFAULT 1,
    "lost_after_seconds" INTEGER NOT NULL DEFAULT 30,
    "constraints" JSONB NOT NULL DEFAULT '[]',
    "placement_rules" JSONB,
    "policy" JSONB,
    "priority" INTEGER NOT NULL DEFAULT 50,
    "ports" JSONB NOT NULL DEFAULT '[]',
    "env_names" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "env_sealed" BYTEA,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),
    "name_claim" TEXT,

    CONSTRAINT "deployments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deployment_resources" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "cpu_cores" DOUBLE PRECISION NOT NULL,
    "memory_mb" INTEGER NOT NULL,
    "gpu_units" INTEGER NOT NULL DEFAULT 0,
    "storage_gb" INTEGER NOT NULL DEFAULT 10,

    CONSTRAINT "deployment_resources_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deployment_revisions" (
    "deployment_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "spec" JSONB NOT NULL,
    "env_sealed" BYTEA,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "reason" TEXT NOT NULL,

    CONSTRAINT "deployment_revisions_pkey" PRIMARY KEY ("deployment_id","revision")
);

-- CreateTable
CREATE TABLE "revision_images" (
    "deployment_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "reference" TEXT NOT NULL,
    "pulls_anew" BOOLEAN NOT NULL DEFAULT false,
    "digest" TEXT,
    "image_id" TEXT,
    "from_registry" BOOLEAN NOT NULL DEFAULT false,
    "resolved_by" TEXT,
    "resolved_at" TIMESTAMPTZ(3),

    CONSTRAINT "revision_images_pkey" PRIMARY KEY ("deployment_id","revision")
);

-- CreateTable
CREATE TABLE "deployment_replicas" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "node_id" UUID NOT NULL,
    "decision_id" UUID,
    "slot" INTEGER NOT NULL,
    "generation" INTEGER NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "wanted" TEXT NOT NULL DEFAULT 'run',
    "reserved" BOOLEAN NOT NULL DEFAULT true,
    "released_at" TIMESTAMPTZ(3),
    "cpu_millis" INTEGER NOT NULL,
    "memory_mb" INTEGER NOT NULL,
    "gpu_units" INTEGER NOT NULL,
    "storage_gb" INTEGER NOT NULL,
    "score" DOUBLE PRECISION,
    "container_id" TEXT,
    "reason" TEXT,
    "exit_code" INTEGER,
    "health" TEXT,
    "unhealthy_since" TIMESTAMPTZ(3),
    "check_output" TEXT,
    "standstill" TEXT,
    "interruptions" INTEGER NOT NULL DEFAULT 0,
    "restarts" INTEGER NOT NULL DEFAULT 0,
    "restarts_in_a_row" INTEGER NOT NULL DEFAULT 0,
    "was_well" BOOLEAN NOT NULL DEFAULT false,
    "next_restart_at" TIMESTAMPTZ(3),
    "last_end_at" TIMESTAMPTZ(3),
    "last_end_reason" TEXT,
    "ports" JSONB NOT NULL DEFAULT '[]',
    "node_revision" BIGINT NOT NULL DEFAULT 0,
    "delivered_at" TIMESTAMPTZ(3),
    "acknowledged_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "deployment_replicas_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "host_port_reservations" (
    "node_id" UUID NOT NULL,
    "host_port" INTEGER NOT NULL,
    "replica_id" UUID NOT NULL,

    CONSTRAINT "host_port_reservations_pkey" PRIMARY KEY ("node_id","host_port")
);

-- CreateTable
CREATE TABLE "host_port_conflicts" (
    "node_id" UUID NOT NULL,
    "host_port" INTEGER NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "message" TEXT NOT NULL,

    CONSTRAINT "host_port_conflicts_pkey" PRIMARY KEY ("node_id","host_port")
);

-- CreateTable
CREATE TABLE "replica_status_history" (
    "id" BIGSERIAL NOT NULL,
    "replica_id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "old_status" TEXT NOT NULL,
    "new_status" TEXT NOT NULL,
    "health" TEXT,
    "reason" TEXT NOT NULL,
    "changed_by" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "replica_status_history_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "replica_logs" (
    "replica_id" UUID NOT NULL,
    "node_id" UUID NOT NULL,
    "wanted_until" TIMESTAMPTZ(3),
    "state" TEXT,
    "message" TEXT NOT NULL DEFAULT '',
    "seq" INTEGER NOT NULL DEFAULT 0,
    "length" INTEGER NOT NULL DEFAULT 0,
    "last_at" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "replica_logs_pkey" PRIMARY KEY ("replica_id")
);

-- CreateTable
CREATE TABLE "replica_log_chunks" (
    "replica_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "gap" BOOLEAN NOT NULL,
    "length" INTEGER NOT NULL,
    "sealed" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "replica_log_chunks_pkey" PRIMARY KEY ("replica_id","seq")
);

-- CreateTable
CREATE TABLE "deployment_status_history" (
    "id" UUID NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "deployment_id" UUID NOT NULL,
    "old_status" TEXT NOT NULL,
    "new_status" TEXT NOT NULL,
    "changed_by" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "reason" TEXT NOT NULL,

    CONSTRAINT "deployment_status_history_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "evaluations" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "trigger" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "priority" INTEGER NOT NULL DEFAULT 50,
    "run_after" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "leased_by" TEXT,
    "lease_epoch" BIGINT,
    "lease_expires_at" TIMESTAMPTZ(3),
    "error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "evaluations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "decisions" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "evaluation_id" UUID NOT NULL,
    "outcome" TEXT NOT NULL,
    "request" JSONB NOT NULL,
    "policy" JSONB NOT NULL,
    "chosen" JSONB NOT NULL,
    "found" INTEGER NOT NULL,
    "message" TEXT NOT NULL,
    "own" JSONB NOT NULL DEFAULT '{}',
    "journal_seq" BIGINT NOT NULL,
    "batch_id" UUID NOT NULL,
    "batch_order" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "decisions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "fleet_journal" (
    "seq" BIGSERIAL NOT NULL,
    "writer" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "data" BYTEA NOT NULL,

    CONSTRAINT "fleet_journal_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "settings" (
    "key" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT NOT NULL,

    CONSTRAINT "settings_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "notification_channels" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "url_sealed" BYTEA NOT NULL,
    "url_hint" TEXT NOT NULL,
    "secret_sealed" BYTEA,
    "events" TEXT[],
    "link_origin" TEXT NOT NULL,
    "paused_at" TIMESTAMPTZ(3),
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "read_until" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "delivery_id" UUID,
    "sending_until" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_try_at" TIMESTAMPTZ(3),
    "last_delivered_at" TIMESTAMPTZ(3),
    "failing_since" TIMESTAMPTZ(3),
    "last_error" TEXT,
    "waiting" INTEGER NOT NULL DEFAULT 0,
    "delivered" BIGINT NOT NULL DEFAULT 0,
    "failed" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "notification_channels_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "scheduler_leadership" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "epoch" BIGINT NOT NULL DEFAULT 0,
    "leader" TEXT,
    "elected_at" TIMESTAMPTZ(3),
    "seen_at" TIMESTAMPTZ(3),
    "replays_checked" BIGINT NOT NULL DEFAULT 0,
    "replays_mismatched" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "scheduler_leadership_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "user_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "response" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("user_id","key")
);

-- CreateTable
CREATE TABLE "audit_log" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject_type" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "before" JSONB,
    "after" JSONB,
    "address" TEXT,
    "api_token_id" UUID,

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rate_limits" (
    "key" TEXT NOT NULL,
    "points" INTEGER NOT NULL,
    "expire" TIMESTAMP(3),

    CONSTRAINT "rate_limits_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_username_key" ON "users"("username");

-- CreateIndex
CREATE INDEX "sessions_user_id_kind_last_seen_at_idx" ON "sessions"("user_id", "kind", "last_seen_at");

-- CreateIndex
CREATE UNIQUE INDEX "api_tokens_token_hash_key" ON "api_tokens"("token_hash");

-- CreateIndex
CREATE INDEX "api_tokens_user_id_idx" ON "api_tokens"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "join_tokens_token_hash_key" ON "join_tokens"("token_hash");

-- CreateIndex
CREATE INDEX "nodes_credential_hash_idx" ON "nodes"("credential_hash");

-- CreateIndex
CREATE INDEX "node_events_node_id_id_idx" ON "node_events"("node_id", "id");

-- CreateIndex
CREATE INDEX "node_events_at_idx" ON "node_events"("at");

-- CreateIndex
CREATE INDEX "report_intake_gaps_ended_at_idx" ON "report_intake_gaps"("ended_at");

-- CreateIndex
CREATE UNIQUE INDEX "node_returns_node_id_offline_since_key" ON "node_returns"("node_id", "offline_since");

-- CreateIndex
CREATE UNIQUE INDEX "deployments_name_claim_key" ON "deployments"("name_claim");

-- CreateIndex
CREATE INDEX "deployments_status_created_at_idx" ON "deployments"("status", "created_at");

-- CreateIndex
CREATE INDEX "deployments_created_at_idx" ON "deployments"("created_at");

-- CreateIndex
CREATE INDEX "deployments_name_idx" ON "deployments"("name");

-- CreateIndex
CREATE INDEX "deployments_user_id_idx" ON "deployments"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "deployment_resources_deployment_id_key" ON "deployment_resources"("deployment_id");

-- CreateIndex
CREATE INDEX "revision_images_reference_resolved_at_idx" ON "revision_images"("reference", "resolved_at");

-- CreateIndex
CREATE UNIQUE INDEX "deployment_replicas_deployment_id_slot_generation_key" ON "deployment_replicas"("deployment_id", "slot", "generation");

-- CreateIndex
CREATE INDEX "host_port_reservations_replica_id_idx" ON "host_port_reservations"("replica_id");

-- CreateIndex
CREATE INDEX "host_port_conflicts_seen_at_idx" ON "host_port_conflicts"("seen_at");

-- CreateIndex
CREATE INDEX "replica_status_history_deployment_id_id_idx" ON "replica_status_history"("deployment_id", "id");

-- CreateIndex
CREATE INDEX "replica_status_history_replica_id_id_idx" ON "replica_status_history"("replica_id", "id");

-- CreateIndex
CREATE INDEX "replica_status_history_changed_at_idx" ON "replica_status_history"("changed_at");

-- CreateIndex
CREATE INDEX "replica_logs_updated_at_idx" ON "replica_logs"("updated_at");

-- CreateIndex
CREATE INDEX "deployment_status_history_deployment_id_seq_idx" ON "deployment_status_history"("deployment_id", "seq");

-- CreateIndex
CREATE INDEX "deployment_status_history_changed_at_idx" ON "deployment_status_history"("changed_at");

-- CreateIndex
CREATE INDEX "evaluations_deployment_id_idx" ON "evaluations"("deployment_id");

-- CreateIndex
CREATE INDEX "decisions_deployment_id_created_at_idx" ON "decisions"("deployment_id", "created_at");

-- CreateIndex
CREATE INDEX "decisions_batch_id_idx" ON "decisions"("batch_id");

-- CreateIndex
CREATE INDEX "fleet_journal_writer_seq_idx" ON "fleet_journal"("writer", "seq");

-- CreateIndex
CREATE INDEX "fleet_journal_at_idx" ON "fleet_journal"("at");

-- CreateIndex
CREATE UNIQUE INDEX "notification_channels_name_key" ON "notification_channels"("name");

-- CreateIndex
CREATE INDEX "audit_log_at_idx" ON "audit_log"("at");

-- CreateIndex
CREATE INDEX "audit_log_subject_id_id_idx" ON "audit_log"("subject_id", "id");

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "nodes" ADD CONSTRAINT "nodes_join_token_id_fkey" FOREIGN KEY ("join_token_id") REFERENCES "join_tokens"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "node_events" ADD CONSTRAINT "node_events_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "nodes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "node_returns" ADD CONSTRAINT "node_returns_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "nodes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "node_return_replicas" ADD CONSTRAINT "node_return_replicas_return_id_fkey" FOREIGN KEY ("return_id") REFERENCES "node_returns"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployment_resources" ADD CONSTRAINT "deployment_resources_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployment_revisions" ADD CONSTRAINT "deployment_revisions_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "revision_images" ADD CONSTRAINT "revision_images_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployment_replicas" ADD CONSTRAINT "deployment_replicas_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployment_replicas" ADD CONSTRAINT "deployment_replicas_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "nodes"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "host_port_reservations" ADD CONSTRAINT "host_port_reservations_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "nodes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "host_port_reservations" ADD CONSTRAINT "host_port_reservations_replica_id_fkey" FOREIGN KEY ("replica_id") REFERENCES "deployment_replicas"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "host_port_conflicts" ADD CONSTRAINT "host_port_conflicts_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "nodes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "replica_status_history" ADD CONSTRAINT "replica_status_history_replica_id_fkey" FOREIGN KEY ("replica_id") REFERENCES "deployment_replicas"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployment_status_history" ADD CONSTRAINT "deployment_status_history_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "evaluations" ADD CONSTRAINT "evaluations_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "decisions" ADD CONSTRAINT "decisions_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Below this line: what prisma/schema.prisma cannot express, written by hand.
-- `npm run db:migration -- --first` keeps it. The lists of values repeat those of core/
-- (tests/integration/database/migrations.test.ts compares them).

-- Allowed values
ALTER TABLE "users" ADD CONSTRAINT "users_role_check" CHECK ("role" IN ('admin', 'operator', 'viewer'));
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_scope_check" CHECK ("scope" IN ('admin', 'operator', 'viewer'));
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_kind_check" CHECK ("kind" IN ('browser', 'program'));
ALTER TABLE "join_tokens"
  ADD CONSTRAINT "join_tokens_uses_check" CHECK ("uses" >= 0 AND ("max_uses" IS NULL OR "uses" <= "max_uses"));

ALTER TABLE "deployments"
  ADD CONSTRAINT "deployments_status_check" CHECK ("status" IN ('pending', 'scheduled', 'running', 'stopped', 'failed', 'deleted')),
  ADD CONSTRAINT "deployments_type_check" CHECK ("type" IN ('compute', 'storage', 'gateway')),
  ADD CONSTRAINT "deployments_target_replicas_check" CHECK ("target_replicas" BETWEEN 0 AND 100),
  ADD CONSTRAINT "deployments_start_replicas_check" CHECK ("start_replicas" BETWEEN 1 AND 100),
  ADD CONSTRAINT "deployments_revision_check" CHECK ("revision" >= 1),
  ADD CONSTRAINT "deployments_priority_check" CHECK ("priority" BETWEEN 0 AND 100),
  ADD CONSTRAINT "deployments_lost_after_check" CHECK ("lost_after_seconds" BETWEEN 0 AND 86400),
  ADD CONSTRAINT "deployments_placement_rules_check" CHECK (jsonb_typeof("placement_rules") = 'object');

ALTER TABLE "deployment_replicas"
  ADD CONSTRAINT "deployment_replicas_status_check" CHECK ("status" IN ('pending', 'starting', 'running', 'stopping', 'stopped', 'failed', 'lost')),
  ADD CONSTRAINT "deployment_replicas_wanted_check" CHECK ("wanted" IN ('run', 'stop')),
  ADD CONSTRAINT "deployment_replicas_health_check" CHECK ("health" IN ('healthy', 'unhealthy', 'starting')),
  ADD CONSTRAINT "deployment_replicas_revision_check" CHECK ("revision" >= 1);
ALTER TABLE "host_port_reservations" ADD CONSTRAINT "host_port_reservations_port_check" CHECK ("host_port" BETWEEN 1 AND 65535);

ALTER TABLE "evaluations" ADD CONSTRAINT "evaluations_status_check" CHECK ("status" IN ('pending', 'leased', 'blocked', 'done', 'dead'));
ALTER TABLE "decisions" ADD CONSTRAINT "decisions_outcome_check" CHECK ("outcome" IN ('placed', 'refused'));
ALTER TABLE "fleet_journal" ADD CONSTRAINT "fleet_journal_kind_check" CHECK ("kind" IN ('snapshot', 'delta'));
-- Its rows are deflated already.
ALTER TABLE "fleet_journal" ALTER COLUMN "data" SET STORAGE EXTERNAL;

ALTER TABLE "outage_protections"
  ADD CONSTRAINT "outage_protections_cause_check" CHECK ("cause" IN ('region', 'fleet')),
  ADD CONSTRAINT "outage_protections_counts_check" CHECK ("offline" BETWEEN 0 AND "nodes");
ALTER TABLE "node_return_replicas"
  ADD CONSTRAINT "node_return_replicas_plan_check" CHECK ("plan" IN ('keep', 'stop', 'update')),
  ADD CONSTRAINT "node_return_replicas_outcome_check" CHECK ("outcome" IN ('kept', 'stopped', 'updated', 'failed'));
ALTER TABLE "report_intake_gaps" ADD CONSTRAINT "report_intake_gaps_order" CHECK ("began_at" < "ended_at");

ALTER TABLE "notification_channels"
  ADD CONSTRAINT "notification_channels_kind_check" CHECK ("kind" IN ('webhook', 'slack')),
  ADD CONSTRAINT "notification_channels_message_check" CHECK (("delivery_id" IS NULL) = ("sending_until" IS NULL));

-- No reservation exceeds what the node has. CPU is rounded as core/placement/resources.ts does: halves go up.
-- A removed node holds no reservation and is in maintenance.
ALTER TABLE "nodes"
  ADD CONSTRAINT "nodes_status_check" CHECK ("status" IN ('idle', 'active', 'busy', 'offline', 'maintenance')),
  ADD CONSTRAINT "nodes_reserved_cpu_check" CHECK ("reserved_cpu_millis" BETWEEN 0 AND floor("cpu_cores" * 1000 + 0.5)),
  ADD CONSTRAINT "nodes_reserved_memory_check" CHECK ("reserved_memory_mb" BETWEEN 0 AND "memory_mb"),
  ADD CONSTRAINT "nodes_reserved_storage_check" CHECK ("reserved_storage_gb" BETWEEN 0 AND "storage_gb"),
  ADD CONSTRAINT "nodes_reserved_gpu_check" CHECK ("reserved_gpu" BETWEEN 0 AND "gpu_available"),
  ADD CONSTRAINT "nodes_removed_check"
    CHECK ("removed_at" IS NULL OR ("reserved_cpu_millis" = 0 AND "reserved_memory_mb" = 0 AND "status" = 'maintenance'));

-- At most one of these each
-- A deployment has at most one evaluation that nobody has begun.
CREATE UNIQUE INDEX "evaluations_one_open_per_deployment" ON "evaluations" ("deployment_id") WHERE "status" IN ('pending', 'blocked');
CREATE UNIQUE INDEX "outage_protections_one_open_per_region" ON "outage_protections" ("region") WHERE "ended_at" IS NULL;
-- The name of a removed node is free again.
CREATE UNIQUE INDEX "nodes_node_id_key" ON "nodes" ("node_id") WHERE "removed_at" IS NULL;

-- Indexes of the few rows that matter among the many that ended
CREATE INDEX "evaluations_claim_idx" ON "evaluations" ("priority" DESC, "run_after", "created_at") WHERE "status" IN ('pending', 'leased');
CREATE INDEX "evaluations_dead_idx" ON "evaluations" ("created_at") WHERE "status" = 'dead';
-- There is no second index like this one by deployment: of two partial indexes of what is reserved the planner takes
-- either, and scans all of it, while the statistics date from a time when next to nothing was reserved. By deployment,
-- replicas are found through the unique index.
CREATE INDEX "deployment_replicas_reserved_node_idx" ON "deployment_replicas" ("node_id") WHERE "reserved";
CREATE INDEX "node_return_replicas_unsettled_idx" ON "node_return_replicas" ("replica_id") WHERE "settled_at" IS NULL;
-- Log subscriptions, which are read again and again while somebody reads a log.
CREATE INDEX "replica_logs_wanted_idx" ON "replica_logs" ("node_id") WHERE "wanted_until" IS NOT NULL;
-- Node names in natural order, node-2 before node-10 (server/store/nodes/node-list.ts sorts by the same expression).
CREATE INDEX "nodes_natural_name_idx" ON "nodes" ((regexp_replace(regexp_replace(lower("node_id"), '(\d+)', '000000000000\1', 'g'), '\d*(\d{12})', '\1', 'g')));

-- Free space in each page for the next version of a row, so that a change of status touches no index.
ALTER TABLE "deployments" SET (fillfactor = 80);
ALTER TABLE "deployment_replicas" SET (fillfactor = 80);
ALTER TABLE "nodes" SET (fillfactor = 80);
ALTER TABLE "evaluations" SET (fillfactor = 80);
ALTER TABLE "notification_channels" SET (fillfactor = 80);

-- Tables of one row. Schedulers hold their elections over the row of the first.
ALTER TABLE "scheduler_leadership" ADD CONSTRAINT "scheduler_leadership_single_row" CHECK ("id" = 1);
INSERT INTO "scheduler_leadership" ("id") VALUES (1);
ALTER TABLE "report_intake" ADD CONSTRAINT "report_intake_one_row" CHECK ("id" = 1);
INSERT INTO "report_intake" ("id") VALUES (1);

-- A machine can come back smaller than what is reserved on it. Its capacity is then what is reserved, so that nothing more
-- fits, and shrinks with that down to the size that it reported. It never grows here: a reservation beyond the capacity
-- stays one, and the checks of "nodes" refuse it. CPU is rounded as they do.
CREATE FUNCTION "nodes_shrink"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."reserved_cpu_millis" > floor(NEW."reported_cpu_cores" * 1000 + 0.5) THEN
    NEW."cpu_cores" := least(NEW."cpu_cores", NEW."reserved_cpu_millis"::float8 / 1000);
  ELSIF NEW."reported_cpu_cores" IS NOT NULL THEN
    NEW."cpu_cores" := least(NEW."cpu_cores", NEW."reported_cpu_cores");
    NEW."reported_cpu_cores" := NULL;
  END IF;
  IF NEW."reserved_memory_mb" > NEW."reported_memory_mb" THEN
    NEW."memory_mb" := least(NEW."memory_mb", NEW."reserved_memory_mb");
  ELSIF NEW."reported_memory_mb" IS NOT NULL THEN
    NEW."memory_mb" := least(NEW."memory_mb", NEW."reported_memory_mb");
    NEW."reported_memory_mb" := NULL;
  END IF;
  IF NEW."reserved_storage_gb" > NEW."reported_storage_gb" THEN
    NEW."storage_gb" := least(NEW."storage_gb", NEW."reserved_storage_gb");
  ELSIF NEW."reported_storage_gb" IS NOT NULL THEN
    NEW."storage_gb" := least(NEW."storage_gb", NEW."reported_storage_gb");
    NEW."reported_storage_gb" := NULL;
  END IF;
  IF NEW."reserved_gpu" > NEW."reported_gpu" THEN
    NEW."gpu_available" := least(NEW."gpu_available", NEW."reserved_gpu");
  ELSIF NEW."reported_gpu" IS NOT NULL THEN
    NEW."gpu_available" := least(NEW."gpu_available", NEW."reported_gpu");
    NEW."reported_gpu" := NULL;
  END IF;
  RETURN NEW;
END
$$;

-- A removed node keeps the size that it had.
CREATE TRIGGER "nodes_shrink"
  BEFORE UPDATE OF "cpu_cores", "memory_mb", "storage_gb", "gpu_available",
    "reserved_cpu_millis", "reserved_memory_mb", "reserved_storage_gb", "reserved_gpu" ON "nodes"
  FOR EACH ROW
  WHEN (NEW."removed_at" IS NULL
    AND num_nonnulls(NEW."reported_cpu_cores", NEW."reported_memory_mb", NEW."reported_storage_gb", NEW."reported_gpu") > 0)
  EXECUTE FUNCTION "nodes_shrink"();
