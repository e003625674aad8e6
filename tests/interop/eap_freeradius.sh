# Our peer against FreeRADIUS, which shares no code with hostapd: eap_freeradius.sh sim|tls. Its
# triplets are made by libosmocore's AuC; attach compares its MSK with the MS-MPPE keys, and we
# compare it with what FreeRADIUS printed.
. "$(dirname "$0")/eap_lib.sh"
method=$1

# The N-th triplet, as FreeRADIUS's control items.
triplet() { # N
    rand=$(printf '%02x' "$1")0102030405060708090a0b0c0d0e0f
    osmo-auc-gen -3 -a milenage -k "$K" -o "$OPC" -f 8000 -s 33 -r "$rand" >auc
    printf '\tEAP-Sim-Rand%s = 0x%s,\n' "$1" "$rand"
    printf '\tEAP-Sim-SRES%s = 0x%s,\n' "$1" "$(sed -n 's/^SRES:[[:space:]]*//p' auc)"
    printf '\tEAP-Sim-KC%s = 0x%s' "$1" "$(sed -n 's/^Kc:[[:space:]]*//p' auc)"
    [ "$1" -eq 3 ] && echo || echo ,
}

mkdir raddb
echo "\$INCLUDE /usr/share/freeradius/dictionary" >raddb/dictionary
{
    echo "1$IMSI@m2m.example EAP-Type := SIM"
    triplet 1
    triplet 2
    triplet 3
    echo "client.example EAP-Type := TLS"
} >raddb/users
cat >raddb/mini.conf <<END
prefix = /usr
libdir = /usr/lib/freeradius
raddbdir = $PWD/raddb
logdir = $PWD
run_dir = $PWD
max_request_time = 30
client local {
    ipaddr = 127.0.0.1
    secret = $SECRET
}
modules {
    files {
        filename = $PWD/raddb/users
    }
    eap {
        default_eap_type = sim
        sim {
        }
        tls-config common {
            private_key_file = $M2M_CERTIFICATES/server.key
            certificate_file = $M2M_CERTIFICATES/server.pem
            ca_file = $M2M_CERTIFICATES/ca.pem
            cipher_list = "DEFAULT"
            tls_min_version = "1.2"
            tls_max_version = "1.2"
        }
        tls {
            tls = common
        }
    }
}
server default {
    listen {
        type = auth
        ipaddr = 127.0.0.1
        port = 18120
    }
    authorize {
        files
        eap
    }
    authenticate {
        eap
    }
}
END
start freeradius.log 'Ready to process requests' freeradius -fxx -l stdout -n mini -d raddb

attach 0 18120 "$method"
says out " $method accepted - "
msk=$(our_msk out)
equal "the MSK's first half is MS-MPPE-Recv-Key" "0x$(first_half "$msk")" \
    "$(sed -n 's/.*MS-MPPE-Recv-Key = \(0x[0-9a-f]*\).*/\1/p' freeradius.log | tail -n 1)"
equal "its second half is MS-MPPE-Send-Key" "0x$(echo "$msk" | cut -c 65-)" \
    "$(sed -n 's/.*MS-MPPE-Send-Key = \(0x[0-9a-f]*\).*/\1/p' freeradius.log | tail -n 1)"

case $method in
sim)
    attach 4 18120 sim --k "00${K#90}"
    says out ' sim refused eap-wrong-mac '
    ;;
tls)
    attach 4 18120 tls --ca "$M2M_CERTIFICATES/stranger.pem"
    says out ' tls refused certificate-unknown-issuer '
    attach 4 18120 tls --server-name other.example
    says out ' tls refused certificate-name-mismatch '
    attach 0 18120 tls --mtu 200
    ;;
esac
[ "$faults" -eq 0 ] || tail -n 40 freeradius.log
finish
