/* A fleet's handshakes against a bare OpenSSL loop of the same ones, in one program, in turns. CPU
 * time of
 *   bare   OpenSSL alone over memory BIOs, in a child process that has nothing of ours in it;
 *   bare+  the same, with the exports, the octets and the close_notify that the procedure needs;
 *   tls    our TLS endpoints, handshake only;
 *   proc   whole procedures, with HTTP, XML and keys.
 * Prints one line a suite; exit 1 when a handshake does not complete.
 *
 * bench_handshake [--reps N] [--batch-ms N] [--case I]
 * bench_handshake --only bare|bare+|tls|proc --reps HANDSHAKES [--case I]     (for a profiler)
 */
#include "crypto/credential.h"
#include "crypto/entity.h"
#include "models/host/pump.h"
#include "models/proc/client.h"
#include "models/proc/server.h"
#include "tests/bench/bare_tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define MAX_REPS 101

enum part { PART_BARE, PART_BARE_MORE, PART_TLS, PART_PROC, PART_COUNT };

static struct authority *authority;
static struct credential *server_credential, *device_credential;

/* ---- Ours ---- */

struct side {
    struct proto_env env;
    struct rng stream;
    struct se se;
    struct meter meter;
    struct proto *proto;
};

static struct side client, server;
static struct tls_context *contexts[CASES][2];

static void side_init(struct side *s, const char *name)
{
    s->stream = rng_stream(1, name, "bench");
    s->env = (struct proto_env){
        .stream = &s->stream, .se = &s->se, .meter = &s->meter, .epoch_unix_ns = UNIX_NS};
    se_put(&s->se, SE_KMR, psk);
    se_put(&s->se, SE_KMC, psk);
}

static void make_contexts(void)
{
    for (size_t i = 0; i < CASES; i++) {
        for (int is_server = 0; is_server < 2; is_server++) {
            struct tls_settings settings = {
                .server = is_server,
                .version = TLS_1_2,
                .suites = &cases[i].suite,
                .suite_count = 1,
                .group = TLS_GROUP_X25519,
                .authority = tls_suite_is_psk(cases[i].suite) ? NULL : authority};
            enum err err;

            entity_enter(&server.stream, UNIX_NS);
            err = tls_context_new(&settings, &contexts[i][is_server]);
            entity_leave();
            if (err)
                die("tls_context_new");
        }
    }
}

static unsigned find_psk(void *arg, struct span identity, uint8_t key[32], enum reason *reason)
{
    (void)arg, (void)identity, (void)reason;
    memcpy(key, psk, sizeof(psk));
    return sizeof(psk);
}

static struct credential *copy_of(const struct credential *c)
{
    struct credential *copy = NULL;

    if (credential_copy(c, &copy))
        die("credential_copy");
    return copy;
}

static struct buf wires[2];

static void call(struct side *s, enum pump_call what, struct span in, struct buf *out)
{
    char label[160];

    pump(s->proto, what, 0, in, false, out, label, sizeof(label));
}

static void tls_start(const struct bench_case *c)
{
    struct tls_context **ctx = contexts[c - cases];
    bool with_psk = tls_suite_is_psk(c->suite);
    struct tls_peer_settings at_client = {.credential =
                                              with_psk ? NULL : copy_of(device_credential),
                                          .expect_name = with_psk ? NULL : MSBF,
                                          .psk_identity = with_psk ? "meter" : NULL,
                                          .psk_slot = SE_KMR};
    struct tls_peer_settings at_server = {
        .credential = with_psk ? NULL : copy_of(server_credential), .psk_find = find_psk};

    client.proto = tls_proto(tls_new(ctx[0], &client.env, &at_client));
    server.proto = tls_proto(tls_new(ctx[1], &server.env, &at_server));
}

/* Octets to and fro until nobody has any; between() may act on the endpoints. */
static void run_to_the_end(void (*between)(void *arg), void *arg)
{
    wires[0].max = wires[1].max = 1 << 20;
    call(&server, PUMP_START, (struct span){0}, &wires[1]);
    call(&client, PUMP_START, (struct span){0}, &wires[0]);
    while (buf_len(&wires[0]) + buf_len(&wires[1]) > 0) {
        for (int i = 0; i < 2; i++) {
            struct span in = buf_span(&wires[i]);

            if (in.n == 0)
                continue;
            call(i ? &client : &server, PUMP_INPUT, in, &wires[!i]);
            buf_consume(&wires[i], in.n);
        }
        if (between)
            between(arg);
    }
}

static void free_both(void)
{
    entity_enter(&client.stream, UNIX_NS);
    proto_free(client.proto);
    entity_leave();
    entity_enter(&server.stream, UNIX_NS);
    proto_free(server.proto);
    entity_leave();
}

static double tls_run(const struct bench_case *c, unsigned n)
{
    double start = cpu_us();

    for (unsigned i = 0; i < n; i++) {
        tls_start(c);
        run_to_the_end(NULL, NULL);
        if (!tls_is_open((struct tls *)client.proto) || !tls_is_open((struct tls *)server.proto))
            die("a TLS handshake did not complete");
        free_both();
    }
    return (cpu_us() - start) / n;
}

/* The server's node: answers at once. */
struct procedure_run {
    const struct bench_case *c;
    struct server_session *session;
    struct mid_client *mid;
};

static void fill_answer(enum procedure procedure, struct m2m_doc *doc)
{
    memset(doc, 0, sizeof(*doc));
    switch (procedure) {
    case BOOTSTRAP:
        doc->kind = DOC_BOOTSTRAP_PARAM_SET;
        doc->u.bootstrap.kmr_index = 1;
        doc->u.bootstrap.expires_unix_ns = UNIX_NS + 86400000000000;
        snprintf(doc->u.bootstrap.mas_fqdn, M2M_MAX_URI, "mas.example.org");
        snprintf(doc->u.bootstrap.scl_id, M2M_MAX_URI, "urn:scl:meter-1");
        snprintf(doc->u.bootstrap.nscl_list[0], M2M_MAX_URI, "nscl.example.org");
        doc->u.bootstrap.nscl_count = 1;
        break;
    case CONNECTION:
        doc->kind = DOC_CONNECTION_PARAM_SET;
        doc->u.connection.connection_id = 77;
        doc->u.connection.kmc_index = 1;
        doc->u.connection.expires_unix_ns = UNIX_NS + 86400000000000;
        doc->u.connection.mid_flags = MID_TLS_PSK;
        snprintf(doc->u.connection.scl_id, M2M_MAX_URI, "urn:scl:meter-1");
        break;
    case MID:
        break;
    }
}

static void answer(void *arg)
{
    struct procedure_run *run = arg;
    struct m2m_doc doc;
    struct server_answer a = {.status = 200, .doc = &doc};

    if (server_session_request(run->session)) {
        fill_answer(run->c->procedure, &doc);
        if (run->c->procedure == MID)
            a = (struct server_answer){.status = 201, .location = "/m2m/scls/x/containers/c/1"};
        pump_enter(server.proto, 0, false);
        server_session_answer(run->session, 0, &a);
        pump_leave();
        call(&server, PUMP_NOTHING, (struct span){0}, &wires[1]);
    }
    if (run->mid && mid_client_response(run->mid)) {
        mid_client_take(run->mid);
        pump_enter(client.proto, 0, false);
        mid_client_close(run->mid, 0);
        pump_leave();
        call(&client, PUMP_NOTHING, (struct span){0}, &wires[0]);
    }
}

static void procedure_start(struct procedure_run *run, void *result)
{
    struct tls_context **ctx = contexts[run->c - cases];
    struct server_settings at_server = {.context = ctx[1], .psk_find = find_psk};
    struct bootstrap_settings boot = {.context = ctx[0], .msbf = MSBF, .device_id = DEVICE};
    struct connection_settings conn = {
        .context = ctx[0], .mas = "mas.example.org", .kmr_index = 1, .scl_id = "urn:scl:meter-1"};
    struct mid_settings mid = {.context = ctx[0],
                               .nscl = "nscl.example.org",
                               .connection_id = 77,
                               .kmc_index = 1,
                               .requesting_entity = "urn:scl:meter-1"};
    struct m2m_doc reading = {.kind = DOC_CONTENT_INSTANCE};

    run->mid = NULL;
    switch (run->c->procedure) {
    case BOOTSTRAP:
        at_server.role = SERVER_MSBF;
        at_server.credential = copy_of(server_credential);
        boot.credential = copy_of(device_credential);
        client.proto = bootstrap_client_new(&client.env, &boot, result);
        break;
    case CONNECTION:
        at_server.role = SERVER_MAS;
        client.proto = connection_client_new(&client.env, &conn, result);
        break;
    case MID:
        at_server.role = SERVER_NSCL;
        run->mid = mid_client_new(&client.env, &mid);
        client.proto = mid_client_proto(run->mid);
        snprintf(reading.u.content_instance.content_type,
                 sizeof(reading.u.content_instance.content_type), "text/plain");
        reading.u.content_instance.content = span_str("12345.678 kWh");
        if (!mid_client_request(run->mid, 0, "POST contentInstance", HTTP_POST,
                                "/m2m/scls/x/containers/c/contentInstances", &reading))
            die("mid_client_request");
        break;
    }
    run->session = server_session_new(&server.env, &at_server);
    server.proto = server_session_proto(run->session);
}

static double procedure_run(const struct bench_case *c, unsigned n)
{
    union {
        struct doc_bootstrap_param_set bootstrap;
        struct doc_connection_param_set connection;
    } result;
    struct procedure_run run = {.c = c};
    double start = cpu_us();

    for (unsigned i = 0; i < n; i++) {
        procedure_start(&run, &result);
        run_to_the_end(answer, &run);
        if (client.proto->status != PROTO_DONE || server.proto->status != PROTO_DONE) {
            fprintf(stderr, "client: %s, server: %s\n", reason_text(client.proto->reason),
                    reason_text(server.proto->reason));
            die("a procedure did not complete");
        }
        free_both();
        /* A bootstrap or a connection put another one there. */
        se_put(&client.se, SE_KMR, psk);
        se_put(&client.se, SE_KMC, psk);
    }
    return (cpu_us() - start) / n;
}

/* What one run of the procedure says in HTTP, both ways. */
static unsigned procedure_octets(const struct bench_case *c)
{
    meter_clear(&client.meter);
    procedure_run(c, 1);
    return client.meter.use[OP_HTTP_MESSAGE].octets;
}

/* ---- The table ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *v, unsigned n)
{
    qsort(v, n, sizeof(*v), by_value);
    return v[n / 2];
}

static double run_part(const struct child *child, unsigned i, enum part part, unsigned n)
{
    switch (part) {
    case PART_BARE:
        return child_run(child, i, n, 0);
    case PART_BARE_MORE:
        return child_run(child, i, n, procedure_octets(&cases[i]));
    case PART_TLS:
        return tls_run(&cases[i], n);
    case PART_PROC:
        return procedure_run(&cases[i], n);
    case PART_COUNT:
        break;
    }
    return 0;
}

static double sum[PART_COUNT];

/* Each repetition runs the four in turns; a ratio is the median of the repetitions' ratios. */
static void bench_case(const struct child *child, unsigned i, unsigned reps, double batch_us)
{
    static double us[PART_COUNT][MAX_REPS], ratio[PART_COUNT][MAX_REPS], more[MAX_REPS];
    unsigned n = 8;
    double once = child_run(child, i, n, 0);

    n = once > 0 ? (unsigned)(batch_us / once) + 1 : 1;
    for (unsigned r = 0; r < reps; r++) {
        for (unsigned turn = 0; turn < PART_COUNT; turn++) {
            enum part part = (enum part)((turn + r) % PART_COUNT);

            us[part][r] = run_part(child, i, part, n);
        }
        for (unsigned part = 0; part < PART_COUNT; part++)
            ratio[part][r] = us[part][r] / us[PART_BARE][r];
        more[r] = us[PART_PROC][r] / us[PART_BARE_MORE][r];
    }
    printf("%-28s", tls_suite_name(cases[i].suite));
    for (unsigned part = 0; part < PART_COUNT; part++)
        printf(" %8.1f", median(us[part], reps));
    printf(" %9.3f %9.3f %10.3f\n", median(ratio[PART_TLS], reps), median(ratio[PART_PROC], reps),
           median(more, reps));
    for (unsigned part = 0; part < PART_COUNT; part++)
        sum[part] += median(us[part], reps);
}

static void print_sum(void)
{
    printf("%-28s", "a device's three, once each");
    for (unsigned part = 0; part < PART_COUNT; part++)
        printf(" %8.1f", sum[part]);
    printf(" %9.3f %9.3f %10.3f\n", sum[PART_TLS] / sum[PART_BARE], sum[PART_PROC] / sum[PART_BARE],
           sum[PART_PROC] / sum[PART_BARE_MORE]);
}

static void make_credentials(void)
{
    struct rng stream = rng_stream(1, "authority", "bench");
    struct key_pool *pool;

    if (key_pool_make(1, "bench", 3, NULL, NULL, NULL, &pool) ||
        authority_make(pool, 1, "bench CA", UNIX_S - YEAR_S, UNIX_S + YEAR_S, &authority))
        die("authority");
    entity_enter(&stream, UNIX_NS);
    if (credential_issue(authority, pool, 0, MSBF, true, UNIX_S - YEAR_S, UNIX_S + YEAR_S,
                         &server_credential) ||
        credential_issue(authority, pool, 1, DEVICE, false, UNIX_S - YEAR_S, UNIX_S + YEAR_S,
                         &device_credential))
        die("credentials");
    entity_leave();
    key_pool_free(pool);
    if (credential_write_pem(server_credential, server_pem, server_pem) ||
        credential_write_pem(device_credential, device_pem, device_pem) ||
        authority_write_pem(authority, authority_pem))
        die("PEM files");
}

static void name_files(void)
{
    if (!mkdtemp(folder))
        die("mkdtemp");
    snprintf(server_pem, sizeof(server_pem), "%s/server.pem", folder);
    snprintf(device_pem, sizeof(device_pem), "%s/device.pem", folder);
    snprintf(authority_pem, sizeof(authority_pem), "%s/ca.pem", folder);
}

static void remove_files(void)
{
    unlink(server_pem);
    unlink(device_pem);
    unlink(authority_pem);
    rmdir(folder);
}

struct options {
    unsigned reps;
    double batch_ms;
    int only; /* a part for a profiler; -1: all */
    int bench_case;
};

static struct options read_options(int argc, char **argv)
{
    static const char *const parts[PART_COUNT] = {"bare", "bare+", "tls", "proc"};
    struct options o = {.reps = 11, .batch_ms = 150, .only = -1, .bench_case = -1};

    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--reps"))
            o.reps = (unsigned)atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--batch-ms"))
            o.batch_ms = atof(argv[i + 1]);
        else if (!strcmp(argv[i], "--case"))
            o.bench_case = atoi(argv[i + 1]);
        for (int part = 0; !strcmp(argv[i], "--only") && part < PART_COUNT; part++)
            if (!strcmp(argv[i + 1], parts[part]))
                o.only = part;
    }
    if (o.reps < 1 || (o.only < 0 && o.reps > MAX_REPS))
        die("--reps: 1 to 101");
    return o;
}

int main(int argc, char **argv)
{
    struct options o = read_options(argc, argv);
    struct child child;

    name_files();
    child = child_start();
    if (crypto_init())
        die("crypto_init");
    m2mxml_init();
    make_credentials();
    side_init(&client, "client");
    side_init(&server, "server");
    make_contexts();
    if (o.only < 0)
        printf("%-28s %8s %8s %8s %8s %9s %9s %10s\n", "us of CPU, both sides", "bare", "bare+",
               "tls", "proc", "tls/bare", "proc/bare", "proc/bare+");
    for (unsigned i = 0; i < CASES; i++) {
        if (o.bench_case >= 0 && (unsigned)o.bench_case != i)
            continue;
        if (o.only >= 0)
            printf("%-26s %9.1f\n", tls_suite_name(cases[i].suite),
                   run_part(&child, i, (enum part)o.only, o.reps));
        else
            bench_case(&child, i, o.reps, o.batch_ms * 1000);
    }
    if (o.only < 0 && o.bench_case < 0)
        print_sum();
    close(child.to);
    waitpid(child.pid, NULL, 0);
    remove_files();
    return 0;
}
