#!/bin/sh
# own_network.sh COMMAND...: runs it in a network namespace of its own, with loopback alone, so that each
# port is free, stays as it was left, and no test meets another's; where there is no namespace to be had,
# beside whatever else is here.
PATH=$PATH:/usr/sbin:/sbin
for how in -n -rn; do
    if unshare $how sh -c 'ip link set lo up' 2>/dev/null; then
        # shellcheck disable=SC2016  # of the inner shell
        M2M_NAMESPACE=own exec unshare $how sh -c 'ip link set lo up && exec "$@"' sh "$@"
    fi
done
echo "no network namespace here"
M2M_NAMESPACE=none exec "$@"
