/* A PaC (side 0) against a PAA (side 1) on a pair, with an EAP server behind the PAA that answers
 * at once; users as in eap_rig. Sessions that are kept end PAIR_QUIET or PAIR_LIMIT: a test then
 * acts on a core between pair_enter and pair_leave, and runs on. */
#ifndef TESTS_SUPPORT_PANA_RIG_H
#define TESTS_SUPPORT_PANA_RIG_H

#include "models/proto/pana.h"
#include "tests/support/eap_rig.h"

struct pana_rig_settings {
    uint64_t seed;
    struct pana_pac_settings pac;
    struct pana_paa_settings paa;
    struct eap_server_settings server;
    const struct eap_rig_user *users;
    size_t user_count;
    void (*answer)(void *arg, const struct eap_query *q, struct eap_answer *a); /* as eap_rig's */
    void *answer_arg;
    const char *begin_with;  /* not NULL: no Request/Identity, the server is told who it is */
    struct pana_params last; /* for the last PAR */
    /* What the parent of the PAA makes of EAP-Success; zeros: passes it on. */
    enum reason refuse; /* authenticated, but not authorised */
    bool other_msk;     /* hands the PAA another MSK than the peer has */
    bool no_msk;
    /* The server says nothing from its n-th packet on (from 1); 0: never. */
    unsigned silent_from;
    bool silence_is_told; /* by pana_paa_finish without a packet */
};
typedef void (*pana_rig_make)(void *arg, struct pana_rig_settings *s);

struct pana_rig {
    struct pair pair;
    struct pana_rig_settings settings;
    struct pana_pac *pac;
    struct pana_paa *paa;
    struct eap_server *server;
    struct proto_env server_env;
    struct trace server_trace;
    struct eap_keys keys;   /* of the server's last success */
    unsigned said;          /* packets of the server's */
    unsigned conversations; /* EAP servers made */
    bool finished;          /* the one that there is has told its verdict */
    /* May be NULL: called after the back-end did its part, with what pair_script.step gets. */
    void (*step)(struct pana_rig *r, int side);
    void *arg;
};

/* As pair_script and settings are when make does not change them: test method "test", user
 * "device-1", parameters of a bootstrap. make may be NULL. */
void pana_rig_init(struct pana_rig *r, pana_rig_make make, void *arg);
void pana_rig_release(struct pana_rig *r);
enum pair_end pana_rig_run(struct pana_rig *r, struct pair_script script);
struct proto *pana_rig_proto(const struct pana_rig *r, int side);
/* Both open (or DONE after it), with the keys of the server and the parameters of the last PAR. */
bool pana_rig_is_complete(const struct pana_rig *r);
/* Asserts what must hold whatever happened: status and reason agree, and who is open has the
 * server's keys. */
void pana_rig_check(const struct pana_rig *r);
/* How many datagrams both said. */
unsigned pana_rig_datagrams(const struct pana_rig *r);

#endif
