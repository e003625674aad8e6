#include "results/chart_impl.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/xalloc.h"

static char *text_of(sqlite3_stmt *q, int column)
{
    return xstrdup(reader_text(q, column));
}

static sim_ns time_of(sqlite3_stmt *q, int column)
{
    return sqlite3_column_type(q, column) == SQLITE_NULL ? ROW_NULL_ID
                                                         : sqlite3_column_int64(q, column);
}

static enum err read_procedure(struct reader *r, struct chart *c, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(
        r,
        "SELECT p.kind, p.method, p.outcome, p.reason, n.name, m.name, p.t_intended, p.t_end, "
        "p.attempts, p.messages, p.octets_up, p.octets_down, p.device_crypto, p.server_crypto, "
        "p.network, p.queue, p.retransmission, p.backoff, p.other FROM procedures p "
        "LEFT JOIN nodes n ON n.run_id = p.run_id AND n.node_id = p.node_id "
        "LEFT JOIN nodes m ON m.run_id = p.run_id AND m.node_id = p.peer_id "
        "WHERE p.run_id = ?1 AND p.procedure_id = ?2",
        &q, why);
    if (err)
        return err;
    sqlite3_bind_int64(q, 2, c->id);
    if (reader_step(r, q, &err, why)) {
        char **texts[] = {&c->kind, &c->method, &c->outcome, &c->reason, &c->node, &c->peer};
        for (int i = 0; i < 6; i++)
            *texts[i] = text_of(q, i);
        c->t_intended = sqlite3_column_int64(q, 6);
        c->t_end = time_of(q, 7);
        c->attempts = sqlite3_column_int64(q, 8);
        c->messages_total = sqlite3_column_int64(q, 9);
        c->octets_up = sqlite3_column_int64(q, 10);
        c->octets_down = sqlite3_column_int64(q, 11);
        for (int i = 0; i < STATS_PARTS; i++)
            c->parts[i] = sqlite3_column_int64(q, 12 + i);
    } else if (!err) {
        snprintf(why, 160, "there is no procedure %lld in this run", (long long)c->id);
        err = ERR_NOT_FOUND;
    }
    sqlite3_finalize(q);
    return err;
}

static void meet(struct chart *c, int64_t id, sqlite3_stmt *q, int name_column)
{
    for (size_t i = 0; i < c->node_count; i++) {
        if (c->nodes[i].id == id)
            return;
    }
    char number[32];
    const char *name = reader_text(q, name_column);
    snprintf(number, sizeof number, "node %lld", (long long)id);
    c->nodes = xrealloc(c->nodes, (c->node_count + 1) * sizeof *c->nodes);
    c->nodes[c->node_count++] =
        (struct chart_node){id, xstrdup(*name ? name : number), text_of(q, name_column + 1)};
}

static enum err read_messages(struct reader *r, struct chart *c, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err = reader_query(
        r,
        "SELECT m.t_send, m.t_receive, m.src, m.dst, m.protocol, m.name, m.fate, m.octets, "
        "s.name, s.population, d.name, d.population, m.fields FROM messages m "
        "LEFT JOIN nodes s ON s.run_id = m.run_id AND s.node_id = m.src "
        "LEFT JOIN nodes d ON d.run_id = m.run_id AND d.node_id = m.dst "
        "WHERE m.run_id = ?1 AND m.procedure_id = ?2 ORDER BY m.t_send, m.seq",
        &q, why);
    if (err)
        return err;
    sqlite3_bind_int64(q, 2, c->id);
    while (reader_step(r, q, &err, why)) {
        c->messages = xrealloc(c->messages, (c->message_count + 1) * sizeof *c->messages);
        struct chart_message *m = &c->messages[c->message_count++];
        *m = (struct chart_message){.t_send = sqlite3_column_int64(q, 0),
                                    .t_receive = time_of(q, 1),
                                    .src = sqlite3_column_int64(q, 2),
                                    .dst = sqlite3_column_int64(q, 3),
                                    .protocol = text_of(q, 4),
                                    .name = text_of(q, 5),
                                    .fate = text_of(q, 6),
                                    .fields = text_of(q, 12),
                                    .octets = sqlite3_column_int64(q, 7)};
        meet(c, m->src, q, 8);
        meet(c, m->dst, q, 10);
    }
    sqlite3_finalize(q);
    return err;
}

static enum err read_keys(struct reader *r, struct chart *c, char why[160])
{
    sqlite3_stmt *q = NULL;
    enum err err =
        reader_query(r,
                     "SELECT key_id, parent_key, type, end_reason, t_born, t_expires, "
                     "t_end, uses, node_id FROM keys WHERE run_id = ?1 AND procedure_id = ?2 "
                     "ORDER BY t_born, key_id",
                     &q, why);
    if (err)
        return err;
    sqlite3_bind_int64(q, 2, c->id);
    while (reader_step(r, q, &err, why)) {
        c->keys = xrealloc(c->keys, (c->key_count + 1) * sizeof *c->keys);
        c->keys[c->key_count++] = (struct chart_key){.id = sqlite3_column_int64(q, 0),
                                                     .parent = time_of(q, 1),
                                                     .type = text_of(q, 2),
                                                     .end_reason = text_of(q, 3),
                                                     .born = sqlite3_column_int64(q, 4),
                                                     .expires = time_of(q, 5),
                                                     .end = time_of(q, 6),
                                                     .uses = sqlite3_column_int64(q, 7),
                                                     .node = sqlite3_column_int64(q, 8)};
    }
    sqlite3_finalize(q);
    return err;
}

enum err chart_read(struct reader *r, int64_t id, struct chart *out, char why[160])
{
    *out = (struct chart){.id = id};
    enum err err = read_procedure(r, out, why);
    if (!err)
        err = read_messages(r, out, why);
    if (!err)
        err = read_keys(r, out, why);
    if (err)
        chart_release(out);
    return err;
}

void chart_release(struct chart *c)
{
    for (size_t i = 0; i < c->node_count; i++) {
        free(c->nodes[i].name);
        free(c->nodes[i].population);
    }
    free(c->nodes);
    for (size_t i = 0; i < c->message_count; i++) {
        free(c->messages[i].protocol);
        free(c->messages[i].name);
        free(c->messages[i].fate);
        free(c->messages[i].fields);
    }
    for (size_t i = 0; i < c->key_count; i++) {
        free(c->keys[i].type);
        free(c->keys[i].end_reason);
    }
    free(c->messages);
    free(c->keys);
    free(c->kind);
    free(c->method);
    free(c->outcome);
    free(c->reason);
    free(c->node);
    free(c->peer);
    *c = (struct chart){0};
}
