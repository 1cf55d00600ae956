-- Tables, columns and recorded values get the names of the vocabulary.

ALTER TABLE "deployments" RENAME COLUMN "wishes" TO "placement_rules";
ALTER TABLE "deployments" RENAME CONSTRAINT "deployments_wishes_check" TO "deployments_placement_rules_check";

-- The rules are part of recorded revisions and requests, which are read and replayed later.
UPDATE "deployment_revisions" SET "spec" = ("spec" - 'wishes') || jsonb_build_object('placementRules', "spec"->'wishes')
WHERE "spec" ? 'wishes';
UPDATE "decisions" SET "request" = ("request" - 'wishes') || jsonb_build_object('placementRules', "request"->'wishes')
WHERE "request" ? 'wishes';

ALTER TABLE "nodes" RENAME COLUMN "maintenance_wanted" TO "maintenance_when_drained";
ALTER TABLE "nodes" RENAME COLUMN "silence_counted_from" TO "offline_counted_from";

ALTER TABLE "storm_brakes" RENAME TO "outage_protections";
ALTER TABLE "outage_protections" RENAME COLUMN "silent" TO "offline";
ALTER TABLE "outage_protections" RENAME COLUMN "overruled_at" TO "overridden_at";
ALTER TABLE "outage_protections" RENAME COLUMN "overruled_by" TO "overridden_by";
ALTER TABLE "outage_protections" RENAME CONSTRAINT "storm_brakes_pkey" TO "outage_protections_pkey";
ALTER TABLE "outage_protections" RENAME CONSTRAINT "storm_brakes_cause_check" TO "outage_protections_cause_check";
ALTER TABLE "outage_protections" RENAME CONSTRAINT "storm_brakes_counts_check" TO "outage_protections_counts_check";
ALTER INDEX "storm_brakes_one_open_per_region" RENAME TO "outage_protections_one_open_per_region";
ALTER SEQUENCE "storm_brakes_id_seq" RENAME TO "outage_protections_id_seq";

ALTER TABLE "node_returns" RENAME COLUMN "silent_since" TO "offline_since";
ALTER INDEX "node_returns_node_id_silent_since_key" RENAME TO "node_returns_node_id_offline_since_key";

ALTER TABLE "replica_logs" RENAME COLUMN "words" TO "message";

UPDATE "audit_log" SET "action" = 'outage-protection.override' WHERE "action" = 'storm.overrule';

-- PostgreSQL 18 names constraints for NOT NULL after their column, and keeps the names when the column is renamed.
DO $$
DECLARE found record;
BEGIN
  FOR found IN
    SELECT r."relname" AS "table", c."conname" AS "name", r."relname" || '_' || a."attname" || '_not_null' AS "correct"
    FROM pg_constraint c
    JOIN pg_class r ON r."oid" = c."conrelid"
    JOIN pg_attribute a ON a."attrelid" = c."conrelid" AND a."attnum" = c."conkey"[1]
    WHERE c."contype" = 'n' AND r."relname" IN ('outage_protections', 'nodes', 'node_returns', 'replica_logs', 'deployments')
  LOOP
    IF found."name" <> found."correct" THEN
      EXECUTE format('ALTER TABLE %I RENAME CONSTRAINT %I TO %I', found."table", found."name", found."correct");
    END IF;
  END LOOP;
END
$$;
