/* Thousands of primitives in random order, with time going on: expiry never looks back, what is
 * there is counted, two runs answer the same, and when all is deleted all memory is back. */
#include "tests/unit/proc/scl_tree_kit.h"

#include "sim/base/siphash.h"

#define STEPS 6000

static struct scl_tree_kit k;

static const char *const scls[] = {"a", "b", "c", "d"};

static void register_scl(uint64_t which)
{
    char xml[512], until[40];

    m2m_datetime_write(k.now + (int64_t)(60 + which % 300) * S, until);
    snprintf(xml, sizeof(xml),
             "<m2m:scl " NS " sclId='%s'><m2m:link>http://x/</m2m:link><m2m:expirationTime>%s"
             "</m2m:expirationTime><m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType></m2m:scl>",
             scls[which % 4], until);
    ask(&k, scls[which % 4], M2M_CREATE, "/m2m/scls", xml);
}

static void target_of(uint64_t draw, const char *tail, char *out, size_t n)
{
    snprintf(out, n, "/m2m/scls/%s/%s", scls[draw % 4], tail);
}

static void create_below(uint64_t draw)
{
    static const struct {
        const char *tail, *xml;
    } what[] = {
        {"containers", "<m2m:container " NS " m2m:id='c'><m2m:maxNrOfInstances>3"
                       "</m2m:maxNrOfInstances><m2m:maxInstanceAge>40</m2m:maxInstanceAge>"
                       "</m2m:container>"},
        {"containers", "<m2m:container " NS "><m2m:searchStrings><m2m:searchString>s"
                       "</m2m:searchString></m2m:searchStrings></m2m:container>"},
        {"containers/c/contentInstances",
         "<m2m:contentInstance " NS "><m2m:content>YWJj</m2m:content></m2m:contentInstance>"},
        {"containers/c/contentInstances/subscriptions",
         "<m2m:subscription " NS "><m2m:minimalTimeBetweenNotifications>7000"
         "</m2m:minimalTimeBetweenNotifications><m2m:contact>/m2m/scls/a/notificationChannels/n/"
         "contact</m2m:contact></m2m:subscription>"},
        {"notificationChannels", "<m2m:notificationChannel " NS " m2m:id='n'><m2m:channelType>"
                                 "LONG_POLLING</m2m:channelType></m2m:notificationChannel>"},
        {"groups", "<m2m:group " NS " m2m:id='g'><m2m:memberType>SCL</m2m:memberType><m2m:members>"
                   "<reference>/m2m/scls/a</reference></m2m:members></m2m:group>"},
        {"mgmtObjs",
         "<m2m:mgmtCmd " NS " m2m:id='m'><m2m:cmdType>REBOOT</m2m:cmdType></m2m:mgmtCmd>"},
    };
    uint64_t i = draw / 4 % (sizeof(what) / sizeof(what[0]));
    char target[256];

    target_of(draw, what[i].tail, target, sizeof(target));
    ask(&k, scls[draw % 4], M2M_CREATE, target, what[i].xml);
}

static void do_other(uint64_t draw)
{
    static const struct {
        enum m2m_method method;
        const char *tail;
    } what[] = {
        {M2M_DELETE, "containers/c"},
        {M2M_DELETE, "containers/c/contentInstances/oldest"},
        {M2M_DELETE, "notificationChannels/n"},
        {M2M_EXECUTE, "notificationChannels/n/longPolling"},
        {M2M_EXECUTE, "mgmtObjs/m"},
        {M2M_RETRIEVE, "groups/g/membersContent"},
        {M2M_RETRIEVE, "containers/c/contentInstances"},
        {M2M_RETRIEVE, "containers/c/contentInstances/latest"},
        {M2M_DELETE, "mgmtObjs/m"},
        {M2M_DELETE, "groups/g"},
    };
    uint64_t i = draw / 4 % (sizeof(what) / sizeof(what[0]));
    char target[256];

    target_of(draw, what[i].tail, target, sizeof(target));
    ask(&k, scls[draw % 4], what[i].method, target, NULL);
}

static void one_step(uint64_t draw)
{
    uint64_t kind = draw % 20, rest = draw / 20;
    int64_t due;

    if (kind == 0) {
        register_scl(rest);
    } else if (kind < 9) {
        create_below(rest);
    } else if (kind < 18) {
        do_other(rest);
    } else if (kind == 18) {
        k.now += (int64_t)(rest % 5) * S;
    } else {
        due = scl_tree_expiry(k.tree);
        if (due != SCL_TREE_NEVER && due > k.now)
            k.now = due;
        scl_tree_expire(k.tree, k.now);
        ck_assert(scl_tree_expiry(k.tree) > k.now);
    }
}

static void digest_outputs(struct siphash *h)
{
    struct scl_tree_output *o;

    while ((o = next_output(&k))) {
        siphash_put(h, span_str(o->target));
        siphash_put(h, span_str(k.text));
        siphash_put(h, span_of(&o->status_code, sizeof(o->status_code)));
        scl_tree_output_free(o);
    }
}

static uint64_t run(uint64_t seed, uint64_t *created)
{
    struct siphash h;
    uint64_t out[2], state = seed;
    size_t empty;

    kit_open(&k);
    siphash_init(&h, 1, 2);
    empty = scl_tree_octets(k.tree);
    *created = 0;
    for (int i = 0; i < STEPS; i++) {
        /* the high bits of a linear congruential step: enough to mix operations */
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        one_step(state >> 20);
        *created += k.response.status_code == STATUS_CREATED;
        siphash_put(&h, span_of(&k.response.status_code, sizeof(k.response.status_code)));
        siphash_put(&h, span_str(k.text));
        digest_outputs(&h);
    }
    siphash_end(&h, out);
    /* Registrations end, and all that was below them: only collections of the base are left. */
    scl_tree_expire(k.tree, k.now + 100000 * S);
    ck_assert_int_eq(scl_tree_expiry(k.tree), SCL_TREE_NEVER);
    ck_assert_uint_le(scl_tree_count(k.tree), 1);
    ck_assert_uint_le(scl_tree_octets(k.tree), empty + 16 * 1024);
    kit_close(&k);
    return out[0];
}

START_TEST(random_primitives)
{
    uint64_t created, again;
    uint64_t first = run((uint64_t)_i, &created);

    ck_assert_uint_gt(created, 500); /* else the run said nothing */
    ck_assert_uint_eq(run((uint64_t)_i, &again), first);
    ck_assert_uint_eq(again, created);
    ck_assert_uint_ne(run((uint64_t)_i + 1, &again), first);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("scl_tree_random");
    TCase *tc = tcase_create("scl_tree_random");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, random_primitives, 0, 4);
    suite_add_tcase(s, tc);
    return kit_main(s);
}
