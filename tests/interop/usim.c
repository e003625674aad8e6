/* The card of eapol_test, which has none built in: answers what it asks over its control socket
 * (external_sim=1).
 *
 *   usim CONTROL-SOCKET CARDS IMSI [wrong-res|restless]
 *
 * Waits until the socket is there, attaches, answers until eapol_test goes away. SQN of the card in
 * CARDS (cards.h): the highest that it has accepted. wrong-res: answers with another RES or SRES.
 * restless: is used elsewhere between any two challenges, so that no SQN is ever new.
 *
 *   CTRL-REQ-SIM-N:UMTS-AUTH:RAND:AUTN ...   -> CTRL-RSP-SIM-N:UMTS-AUTH:IK:CK:RES
 *                                               or UMTS-AUTS:AUTS, or UMTS-FAIL
 *   CTRL-REQ-SIM-N:GSM-AUTH:RAND:RAND[:RAND] -> CTRL-RSP-SIM-N:GSM-AUTH:KC:SRES:KC:SRES... */
#include "crypto/entity.h"
#include "crypto/hash.h"
#include "crypto/uicc.h"
#include "tests/interop/cards.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static struct uicc card;
static bool wrong_res, restless;
static uint64_t sqn;

static bool read_card(const char *path, const char *imsi)
{
    FILE *f = fopen(path, "r");
    char line[256];
    struct card c;
    bool found = false;

    while (f && !found && fgets(line, sizeof(line), f))
        found = card_read(line, &c) && strcmp(c.imsi, imsi) == 0;
    if (f)
        fclose(f);
    if (!found)
        return false;
    uicc_init(&card, c.imsi, 2, c.k, c.opc);
    sqn = c.sqn;
    uicc_set_sqn(&card, sqn);
    return true;
}

static size_t put_hex(char *out, size_t at, char before, const uint8_t *octets, size_t n)
{
    out[at++] = before;
    hex_encode(octets, n, out + at);
    return at + 2 * n;
}

static bool umts(const char *challenge, char *out, size_t at)
{
    uint8_t rand[16], autn[16];
    struct uicc_response r;

    if (!hex_decode(challenge, 32, rand, 16) || challenge[32] != ':' ||
        !hex_decode(challenge + 33, 32, autn, 16))
        return false;
    if (restless) {
        sqn += UINT64_C(1) << 20;
        uicc_set_sqn(&card, sqn);
    }
    switch (uicc_authenticate(&card, NULL, rand, autn, &r, NULL)) {
    case UICC_OK:
        r.res[0] ^= wrong_res;
        memcpy(out + at, "UMTS-AUTH", 9);
        at = put_hex(out, at + 9, ':', r.ik, 16);
        at = put_hex(out, at, ':', r.ck, 16);
        put_hex(out, at, ':', r.res, r.res_n);
        break;
    case UICC_SYNC_FAILURE:
        memcpy(out + at, "UMTS-AUTS", 9);
        put_hex(out, at + 9, ':', r.auts, sizeof(r.auts));
        break;
    case UICC_MAC_FAILURE:
        memcpy(out + at, "UMTS-FAIL", sizeof("UMTS-FAIL"));
        break;
    }
    return true;
}

static bool gsm(const char *challenge, char *out, size_t at)
{
    uint8_t rand[16], sres[4], kc[8];

    memcpy(out + at, "GSM-AUTH", 8);
    at += 8;
    for (int i = 0; i < 3 && hex_decode(challenge, strlen(challenge) < 32 ? 0 : 32, rand, 16);
         i++) {
        uicc_gsm(&card, NULL, rand, sres, kc);
        sres[0] ^= wrong_res;
        at = put_hex(out, at, ':', kc, 8);
        at = put_hex(out, at, ':', sres, 4);
        challenge += 32 + (challenge[32] == ':');
    }
    return true;
}

/* event: "CTRL-REQ-SIM-0:UMTS-AUTH:... needed for SSID ". false: not for us. */
static bool answer(const char *event, char *out, size_t n)
{
    static const char request[] = "CTRL-REQ-SIM-";
    const char *at = strstr(event, request), *colon = at ? strchr(at, ':') : NULL;

    if (!colon)
        return false;
    memset(out, 0, n);
    snprintf(out, n, "CTRL-RSP-SIM-%.*s:", (int)(colon - at - (long)sizeof(request) + 1),
             at + sizeof(request) - 1);
    if (strncmp(colon + 1, "UMTS-AUTH:", 10) == 0)
        return umts(colon + 11, out, strlen(out));
    if (strncmp(colon + 1, "GSM-AUTH:", 9) == 0)
        return gsm(colon + 10, out, strlen(out));
    return false;
}

/* eapol_test makes its socket when it is ready to be asked. */
static bool reach(int fd, const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(to.sun_path))
        return false;
    memcpy(to.sun_path, path, strlen(path) + 1);
    for (int spent = 0; spent < PATIENCE_MS; spent += 20) {
        if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 && send(fd, "ATTACH", 6, 0) == 6)
            return true;
        poll(NULL, 0, 20);
    }
    return false;
}

static int serve(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char in[1024], out[512];

    while (poll(&p, 1, PATIENCE_MS) > 0) {
        ssize_t got = recv(fd, in, sizeof(in) - 1, 0);

        if (got <= 0)
            break;
        in[got] = '\0';
        if (strstr(in, "CTRL-EVENT-TERMINATING"))
            break;
        if (!answer(in, out, sizeof(out)))
            continue;
        printf("%s\n%s\n", in, out);
        if (send(fd, out, strlen(out), 0) < 0)
            break;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0), code = 1;

    wrong_res = argc == 5 && strcmp(argv[4], "wrong-res") == 0;
    restless = argc == 5 && strcmp(argv[4], "restless") == 0;
    if (argc < 4 || fd < 0 || crypto_init() || !read_card(argv[2], argv[3])) {
        fprintf(stderr, "usim CONTROL-SOCKET CARDS IMSI [wrong-res|restless]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    /* Answers need a name to come back to; the system chooses one (unix(7), autobind). */
    if (bind(fd, (struct sockaddr *)&own, sizeof(own.sun_family)) == 0 && reach(fd, argv[1]))
        code = serve(fd);
    return code;
}
