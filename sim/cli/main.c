#include "sim/cli/cli.h"

#include "crypto/entity.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (crypto_init()) {
        fputs("m2msim: OpenSSL cannot be set up\n", stderr);
        return EXIT_INTERNAL;
    }
    return cli_main(argc, argv);
}
