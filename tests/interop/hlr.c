/* An HLR/AuC for hostapd's EAP server, over the datagram socket that its eap_sim_db names:
 *
 *   hlr SOCKET CARDS [stuck]
 *
 * CARDS: a line a subscriber (cards.h). stuck: gives the same SQN for ever and believes no AUTS, as
 * one that replays would. Prints "listening", then a line a request. Ends with SIGTERM.
 *
 *   SIM-REQ-AUTH IMSI COUNT   -> SIM-RESP-AUTH IMSI KC:SRES:RAND ... | FAILURE
 *   AKA-REQ-AUTH IMSI         -> AKA-RESP-AUTH IMSI RAND AUTN IK CK RES | FAILURE
 *   AKA-AUTS IMSI AUTS RAND   (no answer) */
#include "crypto/entity.h"
#include "crypto/hash.h"
#include "crypto/uicc.h"
#include "tests/interop/cards.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MOST 32

struct subscriber {
    char imsi[16];
    struct auc_record record;
    uint64_t first_seq;
};

static struct subscriber subscribers[MOST];
static int count;
static bool stuck;
static struct rng stream;

static bool read_cards(const char *path)
{
    FILE *f = fopen(path, "r");
    char line[256];
    struct card c;

    if (!f)
        return false;
    while (count < MOST && fgets(line, sizeof(line), f)) {
        if (!card_read(line, &c))
            continue;
        struct subscriber *s = &subscribers[count++];
        memcpy(s->imsi, c.imsi, sizeof(s->imsi));
        s->first_seq = c.sqn >> UICC_IND_BITS;
        auc_init(&s->record, c.k, c.opc, c.amf, s->first_seq);
    }
    fclose(f);
    return count > 0;
}

static struct subscriber *find(const char *imsi)
{
    for (int i = 0; i < count; i++)
        if (strcmp(subscribers[i].imsi, imsi) == 0)
            return &subscribers[i];
    return NULL;
}

static size_t put_hex(char *out, size_t at, char before, const uint8_t *octets, size_t n)
{
    out[at++] = before;
    hex_encode(octets, n, out + at);
    return at + 2 * n;
}

static void triplets(struct subscriber *s, unsigned wanted, char *out, size_t at)
{
    struct gsm_triplet t;

    for (unsigned i = 0; i < wanted && i < 5; i++) {
        auc_triplet(&s->record, NULL, &stream, &t);
        at = put_hex(out, at, ' ', t.kc, sizeof(t.kc));
        at = put_hex(out, at, ':', t.sres, sizeof(t.sres));
        at = put_hex(out, at, ':', t.rand, sizeof(t.rand));
    }
}

static void vector(struct subscriber *s, char *out, size_t at)
{
    struct umts_vector v;

    if (stuck) {
        s->record.seq = s->first_seq;
        s->record.ind = 0;
    }
    auc_vector(&s->record, NULL, &stream, false, &v);
    at = put_hex(out, at, ' ', v.rand, 16);
    at = put_hex(out, at, ' ', v.autn, 16);
    at = put_hex(out, at, ' ', v.ik, 16);
    at = put_hex(out, at, ' ', v.ck, 16);
    put_hex(out, at, ' ', v.xres, v.xres_n);
}

static void resynchronise(struct subscriber *s, const char *auts_hex, const char *rand_hex)
{
    uint8_t auts[14], rand[16];

    if (stuck || !hex_decode(auts_hex, strlen(auts_hex), auts, sizeof(auts)) ||
        !hex_decode(rand_hex, strlen(rand_hex), rand, sizeof(rand)))
        return;
    printf("resynchronised: %s\n", auc_resync(&s->record, NULL, rand, auts) ? "yes" : "no");
}

/* The answer; "" for none. */
static void answer(const char *request, char *out, size_t n)
{
    char what[32] = "", imsi[16] = "", a[64] = "", b[64] = "";
    struct subscriber *s;
    unsigned wanted = 0;
    bool sim;

    out[0] = '\0';
    if (sscanf(request, "%31s %15s %63s %63s", what, imsi, a, b) < 2)
        return;
    s = find(imsi);
    sim = strcmp(what, "SIM-REQ-AUTH") == 0;
    if (strcmp(what, "AKA-AUTS") == 0) {
        if (s)
            resynchronise(s, a, b);
        return;
    }
    if (!sim && strcmp(what, "AKA-REQ-AUTH") != 0)
        return;
    snprintf(out, n, "%s-RESP-AUTH %s", sim ? "SIM" : "AKA", imsi);
    if (!s)
        snprintf(out + strlen(out), n - strlen(out), " FAILURE");
    else if (!sim)
        vector(s, out, strlen(out));
    else if (sscanf(a, "%u", &wanted) == 1)
        triplets(s, wanted, out, strlen(out));
}

int main(int argc, char **argv)
{
    struct sockaddr_un own = {.sun_family = AF_UNIX}, from;
    char in[512], out[1024];
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    stuck = argc == 4 && strcmp(argv[3], "stuck") == 0;
    if (argc < 3 || argc > 4 || fd < 0 || strlen(argv[1]) >= sizeof(own.sun_path) ||
        crypto_init() || !read_cards(argv[2])) {
        fprintf(stderr, "hlr SOCKET CARDS [stuck]\n");
        return 2;
    }
    stream = rng_stream((uint64_t)host_unix_ns(), "hlr", "interop");
    memcpy(own.sun_path, argv[1], strlen(argv[1]) + 1);
    unlink(argv[1]);
    if (bind(fd, (struct sockaddr *)&own, sizeof(own)) != 0) {
        fprintf(stderr, "hlr: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("listening\n");
    for (;;) {
        socklen_t n = sizeof(from);
        ssize_t got = recvfrom(fd, in, sizeof(in) - 1, 0, (struct sockaddr *)&from, &n);

        if (got < 0)
            return 1;
        in[got] = '\0';
        printf("%s\n", in);
        answer(in, out, sizeof(out));
        if (out[0])
            sendto(fd, out, strlen(out), 0, (struct sockaddr *)&from, n);
    }
}
