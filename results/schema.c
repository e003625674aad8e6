#include "results/schema.h"

/* clang-format off */
const char *const schema_statements[] = {
    /* First of all, so that its page is the file's second: see results/seal.c. */
    "CREATE TABLE seals (seal_id INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL)",

    "CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, title TEXT,\n"
    "  scenario_text TEXT NOT NULL, scenario_sha256 TEXT NOT NULL, resolved_json TEXT NOT NULL,\n"
    "  created_utc TEXT, scenario_path TEXT,\n"
    "  replications_min INTEGER, replications_max INTEGER, -- of each cell; NULL: a run of its own\n"
    "  -- 0: replications_min times\n"
    "  until_ci_ppm INTEGER)",

    "CREATE TABLE cells (experiment_id INTEGER, cell INTEGER,\n"
    "  resolved_json TEXT NOT NULL, -- the cell's scenario, with the seed of replication 0\n"
    "  PRIMARY KEY (experiment_id, cell)) WITHOUT ROWID",

    "CREATE TABLE cell_values (experiment_id INTEGER, cell INTEGER, seq INTEGER,\n"
    "  name TEXT, value TEXT, -- what the cell has of each swept key\n"
    "  PRIMARY KEY (experiment_id, cell, seq)) WITHOUT ROWID",

    "CREATE TABLE plan ( -- the runs there are to be\n"
    "  experiment_id INTEGER, cell INTEGER, replication INTEGER, seed INTEGER,\n"
    "  PRIMARY KEY (experiment_id, cell, replication)) WITHOUT ROWID",

    "CREATE TABLE builds (build_id INTEGER PRIMARY KEY, m2msim_version TEXT, git_commit TEXT,\n"
    "  dirty INTEGER, compiler TEXT, openssl TEXT, libuv TEXT, sqlite TEXT, cpu_model TEXT, os TEXT)",

    "CREATE TABLE cost_profiles (profile_id INTEGER PRIMARY KEY, name TEXT, sha256 TEXT, source TEXT,\n"
    "  text TEXT)",

    "CREATE TABLE operation_costs (profile_id INTEGER, class TEXT, operation TEXT, algorithm TEXT,\n"
    "  per_call_ns REAL, per_octet_ns REAL, per_call_nj REAL, per_octet_nj REAL, samples INTEGER,\n"
    "  PRIMARY KEY (profile_id, class, operation, algorithm))",

    "CREATE TABLE runs (run_id INTEGER PRIMARY KEY, experiment_id INTEGER, build_id INTEGER,\n"
    "  profile_id INTEGER, cell INTEGER, replication INTEGER, seed INTEGER, fidelity TEXT,\n"
    "  status TEXT CHECK (status IN ('done','partial','failed','running')),\n"
    "  end_ns INTEGER, events INTEGER, wall_s REAL, peak_rss INTEGER, fingerprint TEXT, error TEXT,\n"
    "  until_ns INTEGER, UNIQUE (experiment_id, cell, replication))",

    "CREATE TABLE run_parameters (run_id INTEGER, seq INTEGER, name TEXT, value TEXT,\n"
    "  PRIMARY KEY (run_id, seq)) WITHOUT ROWID",

    "CREATE TABLE nodes (run_id INTEGER, node_id INTEGER, name TEXT, population TEXT, kind TEXT,\n"
    "  class TEXT, parent INTEGER, PRIMARY KEY (run_id, node_id)) WITHOUT ROWID",

    "CREATE TABLE procedures (run_id INTEGER, procedure_id INTEGER, node_id INTEGER, peer_id INTEGER,\n"
    "  kind TEXT,   -- attach, bootstrap, connection, registration, refresh, deregistration, container, request,\n"
    "               -- access-right, channel, mgmt-cmd, poll, command-report, na-registration, discovery,\n"
    "               -- subscription, read, command, notification, application, reading, forward, delivery,\n"
    "               -- response, actuate, apoc\n"
    "  method TEXT, -- tls-x509, eap-aka, ..., tls-psk, eap-gpsk, ..., https, http, eps-aka\n"
    "  t_intended INTEGER, t_start INTEGER, t_end INTEGER, outcome TEXT, reason TEXT,\n"
    "  attempts INTEGER, messages INTEGER, octets_up INTEGER, octets_down INTEGER,\n"
    "  round_trips INTEGER, -- how often the device spoke and was answered\n"
    "  device_crypto INTEGER, server_crypto INTEGER, network INTEGER, queue INTEGER,\n"
    "  retransmission INTEGER, backoff INTEGER, other INTEGER, -- the seven parts, ns\n"
    "  device_energy_nj INTEGER,\n"
    "  device_ns INTEGER, server_ns INTEGER, -- processor time charged at each side\n"
    "  CHECK (t_end IS NULL OR device_crypto + server_crypto + network + queue + retransmission\n"
    "    + backoff + other = t_end - t_intended),\n"
    "  CHECK (device_crypto >= 0 AND server_crypto >= 0 AND network >= 0 AND queue >= 0\n"
    "    AND retransmission >= 0 AND backoff >= 0 AND other >= 0),\n"
    "  CHECK (outcome IN ('success', 'failed', 'unfinished')),\n"
    "  PRIMARY KEY (run_id, procedure_id)) WITHOUT ROWID",

    "CREATE TABLE keys (run_id INTEGER, key_id INTEGER, node_id INTEGER,\n"
    "  type TEXT, -- Kmr, Kmc, Kma, KIVal, session, MSK, EMSK, Ks, Ks_NAF, Ks_ext_NAF, Ks_int_NAF, Kasme, sign, encrypt\n"
    "  parent_key INTEGER, procedure_id INTEGER, t_born INTEGER, t_first_use INTEGER,\n"
    "  t_last_use INTEGER, uses INTEGER, t_expires INTEGER, t_end INTEGER,\n"
    "  end_reason TEXT, -- expired, renewed, erased, revoked, failed, closed, run-end\n"
    "  CHECK (t_end IS NULL OR t_end >= t_born),\n"
    "  PRIMARY KEY (run_id, key_id)) WITHOUT ROWID",

    "CREATE TABLE ival_reports (run_id INTEGER, procedure_id INTEGER, node_id INTEGER, t INTEGER,\n"
    "  result INTEGER, truth TEXT, verdict TEXT, policy TEXT)",

    "CREATE TABLE incidents (run_id INTEGER, node_id INTEGER,\n"
    "  kind TEXT, -- recovery: power's return to registered again; detection: tampered to the first\n"
    "  -- verdict against it; false-denial: a verdict against a genuine one to granted again\n"
    "  t INTEGER, t_end INTEGER, -- NULL: not before the run's end\n"
    "  CHECK (t_end IS NULL OR t_end >= t))",

    "CREATE TABLE crypto_use (run_id INTEGER, population TEXT, role TEXT, procedure TEXT,\n"
    "  operation TEXT, algorithm TEXT, calls INTEGER, octets INTEGER, virtual_ns INTEGER,\n"
    "  PRIMARY KEY (run_id, population, role, procedure, operation, algorithm)) WITHOUT ROWID",

    "CREATE TABLE histograms (run_id INTEGER, metric TEXT, grp TEXT, t0 INTEGER, t1 INTEGER,\n"
    "  n INTEGER, min INTEGER, max INTEGER, mean REAL, buckets BLOB)",

    "CREATE TABLE series (run_id INTEGER, metric TEXT, grp TEXT, t INTEGER, value REAL)",

    "CREATE TABLE messages (run_id INTEGER, procedure_id INTEGER, seq INTEGER, t_send INTEGER,\n"
    "  t_receive INTEGER, src INTEGER, dst INTEGER, protocol TEXT, name TEXT, octets INTEGER,\n"
    "  fate TEXT, payload BLOB,\n"
    "  fields TEXT, -- named fields of the message; follows from its octets\n"
    "  CHECK (t_receive IS NULL OR t_receive >= t_send))",

    "CREATE TABLE violations (run_id INTEGER, t INTEGER, node_id INTEGER, rule TEXT, detail TEXT)",

    "CREATE TABLE goals (experiment_id INTEGER, cell INTEGER, expression TEXT, value REAL, low REAL,\n"
    "  high REAL, verdict TEXT)",

    "CREATE TABLE notes (run_id INTEGER, t INTEGER,\n"
    "  level TEXT, -- 'host': a fact of the host, no part of the fingerprint\n"
    "  code TEXT, text TEXT, count INTEGER)",

    "CREATE VIEW v_runs AS\n"
    "SELECT r.run_id, e.title, r.cell, r.replication, r.seed, r.fidelity,\n"
    "  CASE r.status WHEN 'running' THEN 'partial' ELSE r.status END AS status,\n"
    "  r.end_ns, r.until_ns, r.events, r.wall_s, r.events / r.wall_s AS events_per_s, r.peak_rss,\n"
    "  r.fingerprint, r.error, c.name AS profile, b.m2msim_version, b.git_commit, b.compiler,\n"
    "  b.openssl, e.created_utc\n"
    "FROM runs r LEFT JOIN experiments e USING (experiment_id) LEFT JOIN builds b USING (build_id)\n"
    "  LEFT JOIN cost_profiles c USING (profile_id)",

    "CREATE VIEW v_cells AS -- of experiments of many runs\n"
    "SELECT c.experiment_id, c.cell,\n"
    "  (SELECT group_concat(name || '=' || value, ', ') FROM (SELECT name, value FROM cell_values v\n"
    "    WHERE v.experiment_id = c.experiment_id AND v.cell = c.cell ORDER BY seq)) AS cell_values,\n"
    "  (SELECT count(*) FROM plan p WHERE p.experiment_id = c.experiment_id AND p.cell = c.cell)\n"
    "    AS planned,\n"
    "  (SELECT count(*) FROM runs r WHERE r.experiment_id = c.experiment_id AND r.cell = c.cell\n"
    "    AND r.status = 'done') AS done\n"
    "FROM cells c",

    /* Nearest rank: the smallest recorded value v with P(X <= v) >= q, its rank ceil(q n). */
    "CREATE VIEW v_latency AS -- ns, of successes; quantiles by nearest rank\n"
    "WITH l AS (\n"
    "  SELECT p.run_id, p.kind, p.method, n.population, p.outcome = 'success' AS ok,\n"
    "    CASE p.outcome WHEN 'success' THEN p.t_end - p.t_intended END AS latency\n"
    "  FROM procedures p LEFT JOIN nodes n ON n.run_id = p.run_id AND n.node_id = p.node_id),\n"
    "r AS (\n"
    "  SELECT *, row_number() OVER w AS rank,\n"
    "    sum(ok) OVER (PARTITION BY run_id, kind, method, population) AS oks\n"
    "  FROM l WINDOW w AS (PARTITION BY run_id, kind, method, population ORDER BY ok DESC, latency))\n"
    "SELECT run_id, kind, method, population, count(*) AS n, sum(ok) AS success,\n"
    "  max(CASE WHEN ok AND rank = (oks * 50 + 99) / 100 THEN latency END) AS p50,\n"
    "  max(CASE WHEN ok AND rank = (oks * 90 + 99) / 100 THEN latency END) AS p90,\n"
    "  max(CASE WHEN ok AND rank = (oks * 99 + 99) / 100 THEN latency END) AS p99,\n"
    "  avg(latency) AS mean, max(latency) AS max\n"
    "FROM r GROUP BY run_id, kind, method, population",

    "CREATE VIEW v_ci AS -- mean latency of successes, ns: over the replications of a cell, with its\n"
    "-- 95 % interval by Student's t (n - 1 degrees of freedom; of one replication NULL);\n"
    "-- what was due in the warm-up is left out\n"
    "WITH t (freedom, q) AS (VALUES\n"
    "  (1, 12.706205), (2, 4.302653), (3, 3.182446), (4, 2.776445), (5, 2.570582),\n"
    "  (6, 2.446912), (7, 2.364624), (8, 2.306004), (9, 2.262157), (10, 2.228139),\n"
    "  (11, 2.200985), (12, 2.178813), (13, 2.160369), (14, 2.144787), (15, 2.131450),\n"
    "  (16, 2.119905), (17, 2.109816), (18, 2.100922), (19, 2.093024), (20, 2.085963),\n"
    "  (21, 2.079614), (22, 2.073873), (23, 2.068658), (24, 2.063899), (25, 2.059539),\n"
    "  (26, 2.055529), (27, 2.051831), (28, 2.048407), (29, 2.045230), (30, 2.042272)),\n"
    /* run.warmup in the resolved scenario, a whole number and a unit (units_format_time), without
     * functions of JSON, which SQLite takes for unsafe in a view. In a text its quotes would have
     * a backslash. */
    "w AS (\n"
    "  SELECT experiment_id, CAST(x AS INTEGER)\n"
    "    * CASE substr(x, instr(x, ' ') + 1, instr(x, '\"') - instr(x, ' ') - 1)\n"
    "    WHEN 'ns' THEN 1 WHEN 'us' THEN 1000 WHEN 'ms' THEN 1000000 WHEN 's' THEN 1000000000\n"
    "    WHEN 'min' THEN 60000000000 WHEN 'h' THEN 3600000000000 WHEN 'd' THEN 86400000000000\n"
    "    WHEN 'w' THEN 604800000000000 WHEN 'y' THEN 31536000000000000 ELSE 0 END AS warmup\n"
    "  FROM (SELECT experiment_id, substr(resolved_json, instr(resolved_json, '\"warmup\": \"') + 11)\n"
    "    AS x FROM experiments WHERE instr(resolved_json, '\"warmup\": \"') > 0)),\n"
    "m AS (\n"
    "  SELECT r.experiment_id, r.cell, p.kind, p.method, avg(p.t_end - p.t_intended) AS v\n"
    "  FROM procedures p JOIN runs r USING (run_id) LEFT JOIN w USING (experiment_id)\n"
    "  WHERE p.outcome = 'success' AND r.status = 'done' AND p.t_intended >= coalesce(w.warmup, 0)\n"
    "  GROUP BY r.run_id, p.kind, p.method),\n"
    "c AS (SELECT *, avg(v) OVER (PARTITION BY experiment_id, cell, kind, method) AS mu FROM m),\n"
    "s AS (\n"
    "  SELECT experiment_id, cell, kind, method, count(*) AS n, mu AS mean,\n"
    "    sqrt(sum((v - mu) * (v - mu)) / nullif(count(*) - 1, 0)) AS sd\n"
    "  FROM c GROUP BY experiment_id, cell, kind, method),\n"
    "h AS (\n"
    "  SELECT s.*, sd / sqrt(n) * coalesce(t.q, -- beyond the table Cornish and Fisher's expansion\n"
    "    1.959964 + 2.37228 / (n - 1) + 2.82254 / ((n - 1) * (n - 1))) AS half\n"
    "  FROM s LEFT JOIN t ON t.freedom = n - 1)\n"
    "SELECT experiment_id, cell, kind, method, n, mean, sd, mean - half AS low, mean + half AS high\n"
    "FROM h",

    "CREATE VIEW v_parts AS -- mean ns per part, of successes\n"
    "SELECT run_id, kind, method, count(*) AS n, avg(t_end - t_intended) AS total,\n"
    "  avg(device_crypto) AS device_crypto, avg(server_crypto) AS server_crypto,\n"
    "  avg(network) AS network, avg(queue) AS queue, avg(retransmission) AS retransmission,\n"
    "  avg(backoff) AS backoff, avg(other) AS other\n"
    "FROM procedures WHERE outcome = 'success' GROUP BY run_id, kind, method",

    "CREATE VIEW v_keys_alive AS -- a key whose end is the run's end is alive at it\n"
    "WITH e AS (\n"
    "  SELECT run_id, type, t_born AS t, 1 AS born, 0 AS ended FROM keys\n"
    "  UNION ALL SELECT run_id, type, t_end, 0, 1 FROM keys\n"
    "    WHERE t_end IS NOT NULL AND end_reason IS NOT 'run-end'),\n"
    "s AS (SELECT run_id, type, t, sum(born) AS born, sum(ended) AS ended FROM e\n"
    "  GROUP BY run_id, type, t)\n"
    "SELECT run_id, type, t, born, ended,\n"
    "  sum(born - ended) OVER (PARTITION BY run_id, type ORDER BY t) AS alive FROM s",

    "CREATE VIEW v_expiry_cliff AS -- keys that expire in each hour of virtual time\n"
    "SELECT run_id, type, t_expires / 3600000000000 AS hour, count(*) AS n FROM keys\n"
    "WHERE t_expires IS NOT NULL GROUP BY run_id, type, hour",

    "CREATE VIEW v_batches AS -- Kmr from before the run, by their personalisation\n"
    "SELECT k.run_id, n.population, k.t_born, k.t_expires, count(*) AS n,\n"
    "  sum(k.end_reason IS 'expired') AS expired,\n"
    "  sum(k.end_reason IS NULL OR k.end_reason = 'run-end') AS alive,\n"
    "  min(k.t_end) AS first_end, max(k.t_last_use) AS last_use\n"
    "FROM keys k LEFT JOIN nodes n ON n.run_id = k.run_id AND n.node_id = k.node_id\n"
    "WHERE k.type = 'Kmr' AND k.procedure_id IS NULL\n"
    "GROUP BY k.run_id, n.population, k.t_born, k.t_expires",

    "CREATE VIEW v_failures AS\n"
    "SELECT run_id, kind, method, outcome, reason, count(*) AS n FROM procedures\n"
    "WHERE outcome <> 'success' GROUP BY run_id, kind, method, outcome, reason",

    "CREATE VIEW v_crypto AS\n"
    "SELECT run_id, population, role, procedure, operation, algorithm, calls, octets, virtual_ns,\n"
    "  CAST(virtual_ns AS REAL) / calls AS ns_per_call,\n"
    "  CAST(virtual_ns AS REAL) / sum(virtual_ns) OVER (PARTITION BY run_id, role) AS role_share\n"
    "FROM crypto_use",

    "CREATE VIEW v_load AS -- workers_busy: on average since the last sample\n"
    "WITH s AS (\n"
    "  SELECT run_id, grp AS server, t, max(CASE metric WHEN 'queue' THEN value END) AS queue,\n"
    "    max(CASE metric WHEN 'sessions' THEN value END) AS sessions,\n"
    "    max(CASE metric WHEN 'busy_s' THEN value END) AS busy_s\n"
    "  FROM series WHERE metric IN ('queue', 'sessions', 'busy_s') GROUP BY run_id, grp, t)\n"
    "SELECT run_id, server, t, queue, sessions,\n"
    "  (busy_s - lag(busy_s) OVER w) * 1e9 / (t - lag(t) OVER w) AS workers_busy\n"
    "FROM s WINDOW w AS (PARTITION BY run_id, server ORDER BY t)",

    /* By rank over all: what never ended stands behind the last. */
    "CREATE VIEW v_incidents AS -- ns; quantiles by nearest rank over all, NULL: not before the end\n"
    "WITH l AS (\n"
    "  SELECT i.run_id, i.kind, n.population, i.t_end - i.t AS time,\n"
    "    row_number() OVER w AS rank, count(*) OVER (PARTITION BY i.run_id, i.kind, n.population) AS n\n"
    "  FROM incidents i JOIN nodes n USING (run_id, node_id)\n"
    "  WINDOW w AS (PARTITION BY i.run_id, i.kind, n.population ORDER BY i.t_end IS NULL, i.t_end - i.t))\n"
    "SELECT run_id, kind, population, n, count(time) AS ended,\n"
    "  max(CASE WHEN rank = (n * 50 + 99) / 100 THEN time END) AS p50,\n"
    "  max(CASE WHEN rank = (n * 90 + 99) / 100 THEN time END) AS p90,\n"
    "  max(CASE WHEN rank = (n * 99 + 99) / 100 THEN time END) AS p99,\n"
    "  max(CASE WHEN rank = n THEN time END) AS max, avg(time) AS mean\n"
    "FROM l GROUP BY run_id, kind, population",

    "CREATE VIEW v_ival_matrix AS\n"
    "SELECT run_id, truth, verdict, count(*) AS n FROM ival_reports\n"
    "GROUP BY run_id, truth, verdict",
    NULL
};

#define INSERT(table, count, columns) {table, columns, count}
const struct schema_insert schema_inserts[TABLE_COUNT] = {
    [TABLE_NODE] = INSERT("nodes", 6, "node_id, name, population, kind, class, parent"),
    [TABLE_PROCEDURE] = INSERT("procedures", 25,
        "procedure_id, node_id, peer_id, kind, method, t_intended, t_start, t_end, outcome, reason, "
        "attempts, messages, octets_up, octets_down, round_trips, device_crypto, server_crypto, network, "
        "queue, retransmission, backoff, other, device_energy_nj, device_ns, server_ns"),
    [TABLE_KEY] = INSERT("keys", 12,
        "key_id, node_id, type, parent_key, procedure_id, t_born, t_first_use, t_last_use, uses, "
        "t_expires, t_end, end_reason"),
    [TABLE_IVAL] = INSERT("ival_reports", 7,
        "procedure_id, node_id, t, result, truth, verdict, policy"),
    [TABLE_INCIDENT] = INSERT("incidents", 4, "node_id, kind, t, t_end"),
    [TABLE_MESSAGE] = INSERT("messages", 12,
        "procedure_id, seq, t_send, t_receive, src, dst, protocol, name, octets, fate, payload, "
        "fields"),
    [TABLE_CRYPTO] = INSERT("crypto_use", 8,
        "population, role, procedure, operation, algorithm, calls, octets, virtual_ns"),
    [TABLE_SERIES] = INSERT("series", 4, "metric, grp, t, value"),
    [TABLE_VIOLATION] = INSERT("violations", 4, "t, node_id, rule, detail"),
    [TABLE_NOTE] = INSERT("notes", 5, "t, level, code, text, count"),
};

/* Surrogate ids (run_id, experiment_id, ...) are no results: another file may number otherwise.
 * resolved_json follows from the scenario's text and the parameters, and may name paths. */
#define RUNS_ID(name) "(SELECT " name " FROM runs WHERE run_id = ?1)"
const struct schema_digest schema_digests[] = {
    {"experiments",
     "SELECT title, scenario_text, scenario_sha256 FROM experiments WHERE experiment_id = "
     RUNS_ID("experiment_id"),
     "SELECT experiment_id, title, scenario_text, scenario_sha256, resolved_json, created_utc, "
     "scenario_path, replications_min, replications_max, until_ci_ppm FROM experiments "
     "ORDER BY experiment_id"},
    /* What a cell is shows in the rows of its runs. */
    {"cells", NULL,
     "SELECT experiment_id, cell, resolved_json FROM cells ORDER BY experiment_id, cell"},
    {"cell_values", NULL,
     "SELECT experiment_id, cell, seq, name, value FROM cell_values "
     "ORDER BY experiment_id, cell, seq"},
    {"plan", NULL,
     "SELECT experiment_id, cell, replication, seed FROM plan "
     "ORDER BY experiment_id, cell, replication"},
    {"builds", NULL,
     "SELECT build_id, m2msim_version, git_commit, dirty, compiler, openssl, libuv, sqlite, "
     "cpu_model, os FROM builds ORDER BY build_id"},
    {"cost_profiles",
     "SELECT name, sha256, source FROM cost_profiles WHERE profile_id = " RUNS_ID("profile_id"),
     "SELECT profile_id, name, sha256, source, text FROM cost_profiles ORDER BY profile_id"},
    {"operation_costs",
     "SELECT class, operation, algorithm, per_call_ns, per_octet_ns, per_call_nj, per_octet_nj, "
     "samples FROM operation_costs WHERE profile_id = " RUNS_ID("profile_id")
     " ORDER BY class, operation, algorithm",
     "SELECT profile_id, class, operation, algorithm, per_call_ns, per_octet_ns, per_call_nj, "
     "per_octet_nj, samples FROM operation_costs ORDER BY profile_id, class, operation, algorithm"},
    {"runs",
     "SELECT cell, replication, seed, fidelity, end_ns, events, until_ns FROM runs "
     "WHERE run_id = ?1",
     "SELECT run_id, experiment_id, build_id, profile_id, cell, replication, seed, fidelity, "
     "status, end_ns, events, wall_s, peak_rss, fingerprint, error, until_ns FROM runs "
     "ORDER BY run_id"},
    /* How the command was worded; what it set shows in the rows. */
    {"run_parameters", NULL,
     "SELECT run_id, seq, name, value FROM run_parameters ORDER BY run_id, seq"},
    {"nodes",
     "SELECT node_id, name, population, kind, class, parent FROM nodes WHERE run_id = ?1 "
     "ORDER BY node_id", NULL},
    {"procedures",
     "SELECT procedure_id, node_id, peer_id, kind, method, t_intended, t_start, t_end, outcome, "
     "reason, attempts, messages, octets_up, octets_down, round_trips, device_crypto, "
     "server_crypto, network, queue, retransmission, backoff, other, device_energy_nj, device_ns, server_ns "
     "FROM procedures WHERE run_id = ?1 ORDER BY procedure_id", NULL},
    {"keys",
     "SELECT key_id, node_id, type, parent_key, procedure_id, t_born, t_first_use, t_last_use, "
     "uses, t_expires, t_end, end_reason FROM keys WHERE run_id = ?1 ORDER BY key_id", NULL},
    {"ival_reports",
     "SELECT procedure_id, node_id, t, result, truth, verdict, policy FROM ival_reports "
     "WHERE run_id = ?1 ORDER BY rowid", NULL},
    {"crypto_use",
     "SELECT population, role, procedure, operation, algorithm, calls, octets, virtual_ns "
     "FROM crypto_use WHERE run_id = ?1 "
     "ORDER BY population, role, procedure, operation, algorithm", NULL},
    {"histograms",
     "SELECT metric, grp, t0, t1, n, min, max, mean, buckets FROM histograms WHERE run_id = ?1 "
     "ORDER BY rowid", NULL},
    {"series",
     "SELECT metric, grp, t, value FROM series WHERE run_id = ?1 ORDER BY rowid", NULL},
    {"messages",
     "SELECT procedure_id, seq, t_send, t_receive, src, dst, protocol, name, octets, fate, payload "
     "FROM messages WHERE run_id = ?1 ORDER BY rowid",
     /* What fields say follows from octets that are results already. */
     "SELECT run_id, procedure_id, seq, t_send, t_receive, src, dst, protocol, name, octets, fate, "
     "payload, fields FROM messages ORDER BY rowid"},
    {"violations",
     "SELECT t, node_id, rule, detail FROM violations WHERE run_id = ?1 ORDER BY rowid", NULL},
    /* Verdicts are over replications, so they are no results of one run: of them the fingerprint has
     * the name of the table. */
    {"goals",
     "SELECT 1 FROM goals WHERE 0",
     "SELECT experiment_id, cell, expression, value, low, high, verdict FROM goals "
     "ORDER BY experiment_id, cell, rowid"},
    {"notes",
     "SELECT t, level, code, text, count FROM notes WHERE run_id = ?1 AND level IS NOT 'host' "
     "ORDER BY rowid",
     "SELECT run_id, t, level, code, text, count FROM notes ORDER BY rowid"},
    {SCHEMA_ONLY_ROWS,
     "SELECT node_id, kind, t, t_end FROM incidents WHERE run_id = ?1 ORDER BY rowid", NULL},
};
const size_t schema_digest_count = sizeof schema_digests / sizeof schema_digests[0];
/* clang-format on */
