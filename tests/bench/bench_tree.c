/* What a reading costs at an NSCL's resource tree: N registered SCLs with a container each store a
 * reading in turn, as a fleet does (so what is touched is cold, once there are many), against what
 * reading its XML document costs, in alternating repetitions, and what each takes of memory. */
#include "models/proc/scl_tree.h"
#include "models/proto/m2mxml_rep.h"
#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS  9 /* readings of each SCL, and repetitions */
#define CONTENT 200
#define SECOND  INT64_C(1000000000)
#define BEGIN   (1370044800 * SECOND)

struct bench {
    struct scl_tree *tree;
    int64_t now;
    unsigned scls;
};

static double cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double v[ROUNDS])
{
    qsort(v, ROUNDS, sizeof(*v), by_value);
    return v[ROUNDS / 2];
}

/* ---- what devices ask ---- */

static void create(struct bench *b, const char *entity, const char *target,
                   const struct m2m_rep *rep)
{
    struct m2m_response r;

    m2m_response_init(&r);
    scl_tree_request(b->tree, b->now,
                     &(struct m2m_request){.target_id = span_str(target),
                                           .requesting_entity = entity,
                                           .representation = rep,
                                           .method = M2M_CREATE,
                                           .point = M2M_MID},
                     &r);
    if (r.status_code != STATUS_CREATED) {
        fprintf(stderr, "%s: refused with %d: %s\n", target, (int)r.status_code, r.additional_info);
        exit(1);
    }
    m2m_response_clear(&r);
}

static void name_of(unsigned i, char name[40])
{
    snprintf(name, 40, "scl-%032x", i * 2654435761u);
}

static void register_scl(struct bench *b, unsigned i)
{
    struct m2m_rep rep;
    char name[40], text[160];

    name_of(i, name);
    snprintf(text, sizeof(text), "https://%s.m2m.example/m2m", name);
    m2m_rep_init(&rep, M2M_SCL);
    m2m_put_text(&rep, E_SCL_ID, name);
    m2m_put_text(&rep, E_LINK, text);
    m2m_put_number(&rep, E_MGMT_PROTOCOL_TYPE, 0);
    create(b, name, "/m2m/scls", &rep);
    m2m_rep_clear(&rep);
}

static void make_container(struct bench *b, unsigned i)
{
    struct m2m_rep rep;
    char name[40], text[160];

    name_of(i, name);
    snprintf(text, sizeof(text), "/m2m/scls/%s/containers", name);
    m2m_rep_init(&rep, M2M_CONTAINER);
    m2m_put_text(&rep, E_ID, "readings");
    create(b, name, text, &rep);
    m2m_rep_clear(&rep);
}

static void store_reading(struct bench *b, unsigned i, struct m2m_rep *rep)
{
    char name[40], target[160];

    name_of(i, name);
    snprintf(target, sizeof(target), "/m2m/scls/%s/containers/readings/contentInstances", name);
    create(b, name, target, rep);
}

static void make_reading(int round, struct m2m_rep *rep)
{
    uint8_t content[CONTENT];
    char id[32];
    size_t opened;

    memset(content, round, sizeof(content));
    snprintf(id, sizeof(id), "r%d", 3600000 * (round + 1));
    m2m_rep_init(rep, M2M_CONTENT_INSTANCE);
    m2m_put_text(rep, E_ID, id);
    opened = m2m_open(rep, E_CONTENT_TYPES);
    m2m_put_text(rep, E_CONTENT_TYPE, "application/octet-stream");
    m2m_close(rep, opened);
    m2m_put(rep, E_CONTENT, span_of(content, sizeof(content)));
}

/* ---- measuring ---- */

static double time_of_storing(struct bench *b, struct m2m_rep *rep)
{
    double begun = cpu_now();

    for (unsigned i = 0; i < b->scls; i++)
        store_reading(b, i, rep);
    return (cpu_now() - begun) / b->scls * 1e6;
}

static double time_of_documents(const struct bench *b, const struct m2m_rep *rep)
{
    struct buf document;
    double begun, took;

    buf_init(&document, 4096);
    if (!m2mxml_rep_write(rep, &document))
        exit(1);
    begun = cpu_now();
    for (unsigned i = 0; i < b->scls; i++) {
        struct m2m_rep read;
        char why[80];

        if (m2mxml_rep_read(buf_span(&document), &read, why)) {
            fprintf(stderr, "a reading's document: %s\n", why);
            exit(1);
        }
        m2m_rep_clear(&read);
    }
    took = (cpu_now() - begun) / b->scls * 1e6;
    buf_clear(&document);
    return took;
}

static void measure(unsigned scls)
{
    struct bench b = {.now = BEGIN, .scls = scls};
    double store[ROUNDS], document[ROUNDS], ratio[ROUNDS];
    size_t empty, registered, with_container;

    b.tree = scl_tree_new(&(struct scl_tree_settings){.base = "m2m",
                                                      .scl_id = "nscl.example",
                                                      .authority = "nscl.example",
                                                      .network = true,
                                                      .registration_min = 60 * SECOND,
                                                      .registration_max = 864000 * SECOND},
                          BEGIN);
    empty = scl_tree_octets(b.tree);
    for (unsigned i = 0; i < scls; i++)
        register_scl(&b, i);
    registered = scl_tree_octets(b.tree);
    for (unsigned i = 0; i < scls; i++)
        make_container(&b, i);
    with_container = scl_tree_octets(b.tree);
    for (int round = 0; round < ROUNDS; round++) {
        struct m2m_rep rep;

        b.now += 3600 * SECOND;
        make_reading(round, &rep);
        store[round] = time_of_storing(&b, &rep);
        document[round] = time_of_documents(&b, &rep);
        ratio[round] = store[round] / document[round];
        m2m_rep_clear(&rep);
    }
    printf("%8u SCLs: a reading stored %.2f us, its document read %.2f us, ratio %.2f; octets: "
           "<scl> %zu, container %zu, contentInstance %zu beside its content\n",
           scls, median(store), median(document), median(ratio), (registered - empty) / scls,
           (with_container - registered) / scls,
           (scl_tree_octets(b.tree) - with_container) / scls / ROUNDS - CONTENT);
    scl_tree_free(b.tree);
}

int main(int argc, char **argv)
{
    static const unsigned sizes[] = {100, 10000, 50000};

    m2mxml_init();
    if (argc > 1)
        measure((unsigned)strtoul(argv[1], NULL, 10));
    else
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            measure(sizes[i]);
    return 0;
}
