/* A man in the middle of RADIUS who knows the shared secret: alters EAP packets on their way and
 * seals the RADIUS packets again, so that what is tried is what EAP's own methods protect.
 *
 *   mitm PORT SERVER-PORT SECRET RULE...
 *
 * Listens at 127.0.0.1:PORT for one client, passes on to 127.0.0.1:SERVER-PORT and back. A rule is
 * WHO:N:WHAT, for the N-th EAP packet (from 1) that `peer` or `server` sends; WHO:N+:WHAT, for that
 * and all that follow:
 *   flip@OFFSET     an octet of it is changed; a negative offset counts from the end
 *   set@OFFSET=HEX  octets from there on are others
 *   cut@N           only N octets are passed on; EAP's own length stays
 *   short@N         only N octets are passed on, and EAP's length says so
 *   add@HEX         octets behind it, and EAP's length says so
 *   drop            it is lost
 * Prints "listening", then a line a packet. Ends with SIGTERM. */
#include "crypto/hash.h"
#include "crypto/openssl.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_RULES    8
#define MOST_OCTETS   4096
#define HEADER        20
#define EAP_MESSAGE   79
#define AUTHENTICATOR 80
#define REQUEST       1

enum who { PEER, SERVER };

struct rule {
    enum who who;
    unsigned n;
    bool and_on;
    char what[16];
    long at;
    uint8_t octets[64];
    size_t count;
};

struct packet {
    uint8_t octets[MOST_OCTETS];
    size_t n;
};

static struct rule rules[MOST_RULES];
static int rule_count;
static const char *secret;
static uint8_t authenticators[256][16]; /* of the requests, by identifier */
static unsigned seen[2];

static bool read_rule(const char *text)
{
    struct rule *r = &rules[rule_count];
    char who[8] = "", on[2] = "", hex[129] = "";

    if (rule_count == MOST_RULES ||
        (sscanf(text, "%7[a-z]:%u:%15[a-z]", who, &r->n, r->what) != 3 &&
         sscanf(text, "%7[a-z]:%u%1[+]:%15[a-z]", who, &r->n, on, r->what) != 4))
        return false;
    r->and_on = on[0] == '+';
    r->who = strcmp(who, "peer") == 0 ? PEER : SERVER;
    text = strchr(text, '@');
    if (text && strcmp(r->what, "add") == 0) {
        snprintf(hex, sizeof(hex), "%s", text + 1);
    } else if (text) {
        r->at = strtol(text + 1, NULL, 10);
        text = strchr(text, '=');
        snprintf(hex, sizeof(hex), "%s", text ? text + 1 : "");
    }
    r->count = strlen(hex) / 2;
    rule_count++;
    return hex_decode(hex, strlen(hex), r->octets, r->count);
}

/* ---- EAP ---- */

static void set_length(uint8_t *eap, size_t n)
{
    eap[2] = (uint8_t)(n >> 8);
    eap[3] = (uint8_t)n;
}

/* How long it is then. */
static size_t alter(const struct rule *r, uint8_t *eap, size_t n)
{
    size_t at = r->at < 0 ? n - (size_t)-r->at : (size_t)r->at;

    if (strcmp(r->what, "flip") == 0 && at < n) {
        eap[at] ^= 1;
    } else if (strcmp(r->what, "set") == 0 && at + r->count <= n) {
        memcpy(eap + at, r->octets, r->count);
    } else if (strcmp(r->what, "cut") == 0 && at < n) {
        n = at;
    } else if (strcmp(r->what, "short") == 0 && at < n) {
        n = at;
        set_length(eap, n);
    } else if (strcmp(r->what, "add") == 0) {
        memcpy(eap + n, r->octets, r->count);
        n += r->count;
        set_length(eap, n);
    } else {
        fprintf(stderr, "mitm: the rule does not fit a packet of %zu octets\n", n);
    }
    return n;
}

/* false: lost. */
static bool apply(enum who who, uint8_t *eap, size_t *n)
{
    unsigned number = ++seen[who];
    bool drop = false;

    printf("%s %u: %zu octets, type %u\n", who == PEER ? "peer" : "server", number, *n,
           *n > 4 ? eap[4] : 0);
    for (int i = 0; i < rule_count; i++) {
        if (rules[i].who != who || number < rules[i].n || (number > rules[i].n && !rules[i].and_on))
            continue;
        printf("  %s\n", rules[i].what);
        if (strcmp(rules[i].what, "drop") == 0)
            drop = true;
        else
            *n = alter(&rules[i], eap, *n);
    }
    return !drop;
}

/* ---- RADIUS ---- */

static void put_eap(struct packet *out, const uint8_t *eap, size_t n)
{
    for (size_t at = 0; at < n; at += 253) {
        size_t part = n - at < 253 ? n - at : 253;

        out->octets[out->n++] = EAP_MESSAGE;
        out->octets[out->n++] = (uint8_t)(part + 2);
        memcpy(out->octets + out->n, eap + at, part);
        out->n += part;
    }
}

/* RFC 3579 3.2, RFC 2865 3 */
static void seal(struct packet *p, const uint8_t request[16])
{
    uint8_t *mac = p->octets + p->n + 2, digest[16];
    EVP_MD_CTX *md = EVP_MD_CTX_new();

    p->octets[p->n] = AUTHENTICATOR;
    p->octets[p->n + 1] = 18;
    memset(mac, 0, 16);
    p->n += 18;
    set_length(p->octets, p->n);
    memcpy(p->octets + 4, request, 16);
    HMAC(EVP_md5(), secret, (int)strlen(secret), p->octets, p->n, digest, NULL);
    memcpy(mac, digest, 16);
    if (p->octets[0] != REQUEST) {
        EVP_DigestInit_ex(md, EVP_md5(), NULL);
        EVP_DigestUpdate(md, p->octets, p->n);
        EVP_DigestUpdate(md, secret, strlen(secret));
        EVP_DigestFinal_ex(md, p->octets + 4, NULL);
    }
    EVP_MD_CTX_free(md);
}

/* false: not to be passed on. */
static bool rebuild(enum who who, const struct packet *in, struct packet *out)
{
    uint8_t eap[2 * MOST_OCTETS];
    size_t n = 0;

    out->n = HEADER;
    memcpy(out->octets, in->octets, HEADER);
    for (size_t at = HEADER; at + 2 <= in->n && in->octets[at + 1] >= 2; at += in->octets[at + 1]) {
        size_t length = in->octets[at + 1];

        if (at + length > in->n)
            return false;
        if (in->octets[at] == EAP_MESSAGE) {
            memcpy(eap + n, in->octets + at + 2, length - 2);
            n += length - 2;
        } else if (in->octets[at] != AUTHENTICATOR) {
            memcpy(out->octets + out->n, in->octets + at, length);
            out->n += length;
        }
    }
    if (who == PEER)
        memcpy(authenticators[in->octets[1]], in->octets + 4, 16);
    if (!apply(who, eap, &n) || out->n + n + n / 128 + 20 > MOST_OCTETS)
        return false;
    put_eap(out, eap, n);
    seal(out, authenticators[in->octets[1]]);
    return true;
}

/* ---- sockets ---- */

static int open_socket(int port, int server_port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    a.sin_port = htons((uint16_t)(port ? port : server_port));
    if ((port ? bind(fd, (struct sockaddr *)&a, sizeof(a))
              : connect(fd, (struct sockaddr *)&a, sizeof(a))) == 0)
        return fd;
    perror("mitm");
    return -1;
}

static bool take(int fd, struct packet *p, struct sockaddr_in *from)
{
    socklen_t size = sizeof(*from);
    ssize_t n = recvfrom(fd, p->octets, sizeof(p->octets), 0, (struct sockaddr *)from, &size);

    p->n = n > 0 ? (size_t)n : 0;
    return p->n >= HEADER;
}

int main(int argc, char **argv)
{
    int client = argc > 3 ? open_socket((int)strtol(argv[1], NULL, 10), 0) : -1;
    int server = argc > 3 ? open_socket(0, (int)strtol(argv[2], NULL, 10)) : -1;
    struct sockaddr_in from, ignored;
    static struct packet in, out;

    for (int i = 4; i < argc; i++)
        if (!read_rule(argv[i]))
            client = -1;
    if (client < 0 || server < 0) {
        fprintf(stderr, "mitm PORT SERVER-PORT SECRET RULE...\n");
        return 2;
    }
    secret = argv[3];
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("listening\n");
    for (;;) {
        struct pollfd p[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};

        if (poll(p, 2, -1) < 0)
            return 1;
        if (p[0].revents && take(client, &in, &from) && rebuild(PEER, &in, &out))
            send(server, out.octets, out.n, 0);
        if (p[1].revents && take(server, &in, &ignored) && rebuild(SERVER, &in, &out))
            sendto(client, out.octets, out.n, 0, (struct sockaddr *)&from, sizeof(from));
    }
}
