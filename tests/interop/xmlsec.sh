#!/bin/sh
# Our object security against xmlsec1: it verifies and decrypts what we make, we what it makes; both refuse
# what was altered, and another key.   xmlsec.sh INTEROP_XMLSEC
set -eu
ours=$1
kmc=7
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
key=4711:3
ds=http://www.w3.org/2000/09/xmldsig#
enc=http://www.w3.org/2001/04/xmlenc#
more=http://www.w3.org/2001/04/xmldsig-more#
exc=http://www.w3.org/2001/10/xml-exc-c14n#

fail() {
    echo "xmlsec.sh: $1" >&2
    exit 1
}

refused() { # REASON COMMAND...: our side must refuse for this reason
    reason=$1
    shift
    if "$@" >out.xml 2>why.txt; then fail "$* was not refused"; fi
    grep -qx "$reason" why.txt || fail "$* was refused as $(cat why.txt), not $reason"
    [ ! -s out.xml ] || fail "$* gave something out"
}

"$ours" keys $kmc .
cat >document.xml <<END
<?xml version="1.0" encoding="UTF-8"?>
<m2m:application xmlns:m2m="http://uri.etsi.org/m2m" appId="meter-1"><m2m:searchStrings><m2m:searchString>ETSI.ObjectType/Strom Zähler</m2m:searchString></m2m:searchStrings></m2m:application>
END

# We sign, it verifies.
"$ours" sign $kmc <document.xml >signed.xml
xmlsec1 --verify --hmackey:$key hmac.bin signed.xml >log 2>&1 || fail "xmlsec1 does not verify: $(cat log)"
sed 's/meter-1/meter-2/' signed.xml >altered.xml
if xmlsec1 --verify --hmackey:$key hmac.bin altered.xml >log 2>&1; then fail "xmlsec1 verifies what is altered"; fi

# It signs, we verify.
sed 's|</m2m:application>||' document.xml >template.xml
cat >>template.xml <<END
<ds:Signature xmlns:ds="$ds"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="$exc"/>
<ds:SignatureMethod Algorithm="${more}hmac-sha256"/><ds:Reference URI=""><ds:Transforms>
<ds:Transform Algorithm="${ds}enveloped-signature"/><ds:Transform Algorithm="$exc"/></ds:Transforms>
<ds:DigestMethod Algorithm="${enc}sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/>
<ds:KeyInfo><ds:KeyName>$key</ds:KeyName></ds:KeyInfo></ds:Signature></m2m:application>
END
xmlsec1 --sign --hmackey:$key hmac.bin --output theirs.xml template.xml >log 2>&1 || fail "xmlsec1 does not sign: $(cat log)"
"$ours" verify $kmc <theirs.xml >back.xml || fail "we do not verify what xmlsec1 signs"
grep -q 'appId="meter-1"' back.xml || fail "the verified document is another"
if grep -q Signature back.xml; then fail "the signature came along"; fi
sed 's/meter-1/meter-2/' theirs.xml >altered.xml
refused xmlsec-wrong-signature "$ours" verify $kmc <altered.xml
refused xmlsec-wrong-signature "$ours" verify 8 <theirs.xml

# A signature over one element alone, beside what is read: it holds, for xmlsec1; not for us.
cat >part.xml <<END
<m2m:application xmlns:m2m="http://uri.etsi.org/m2m"><m2m:evil/><m2m:good xml:id="g">1</m2m:good>
<ds:Signature xmlns:ds="$ds"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="$exc"/>
<ds:SignatureMethod Algorithm="${more}hmac-sha256"/><ds:Reference URI="#g"><ds:Transforms>
<ds:Transform Algorithm="$exc"/></ds:Transforms><ds:DigestMethod Algorithm="${enc}sha256"/><ds:DigestValue/></ds:Reference>
</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:KeyName>$key</ds:KeyName></ds:KeyInfo></ds:Signature></m2m:application>
END
xmlsec1 --sign --hmackey:$key hmac.bin --output part-signed.xml part.xml >log 2>&1 || fail "xmlsec1 does not sign a part: $(cat log)"
xmlsec1 --verify --hmackey:$key hmac.bin part-signed.xml >log 2>&1 || fail "xmlsec1 does not verify a part"
refused xmlsec-wrong-scope "$ours" verify $kmc <part-signed.xml

for cipher in aes128-gcm aes128-cbc; do
    case $cipher in
    aes128-gcm) algorithm=http://www.w3.org/2009/xmlenc11#aes128-gcm decrypt=decrypt-gcm other=decrypt-cbc ;;
    *) algorithm=${enc}aes128-cbc decrypt=decrypt-cbc other=decrypt-gcm ;;
    esac
    # We encrypt, it decrypts.
    "$ours" $cipher $kmc <document.xml >sealed.xml
    if grep -q meter-1 sealed.xml; then fail "$cipher: not encrypted"; fi
    xmlsec1 --decrypt --aeskey:$key aes.bin --output open.xml sealed.xml >log 2>&1 || fail "$cipher: xmlsec1 does not decrypt: $(cat log)"
    grep -q 'appId="meter-1"' open.xml || fail "$cipher: xmlsec1 decrypts another document"
    # It encrypts, we decrypt.
    cat >template.xml <<END
<EncryptedData xmlns="$enc" Type="${enc}Element"><EncryptionMethod Algorithm="$algorithm"/>
<KeyInfo xmlns="$ds"><KeyName>$key</KeyName></KeyInfo><CipherData><CipherValue/></CipherData></EncryptedData>
END
    xmlsec1 --encrypt --aeskey:$key aes.bin --xml-data document.xml --node-xpath '/*' --output theirs.xml template.xml \
        >log 2>&1 || fail "$cipher: xmlsec1 does not encrypt: $(cat log)"
    "$ours" $decrypt $kmc <theirs.xml >back.xml || fail "$cipher: we do not decrypt what xmlsec1 encrypts"
    grep -q 'Strom Zähler' back.xml || fail "$cipher: we decrypt another document"
    refused xmlsec-no-common-algorithm "$ours" $other $kmc <theirs.xml
    refused xmlsec-decrypt-failed "$ours" $decrypt 8 <theirs.xml
    refused xmlsec-missing "$ours" verify $kmc <theirs.xml
done
refused xmlsec-missing "$ours" decrypt-gcm $kmc <document.xml

# Signed, then encrypted; and the other way through both programs.
"$ours" sign $kmc <document.xml | "$ours" aes128-gcm $kmc >both.xml
xmlsec1 --decrypt --aeskey:$key aes.bin --output open.xml both.xml >log 2>&1 || fail "xmlsec1 does not decrypt both: $(cat log)"
xmlsec1 --verify --hmackey:$key hmac.bin open.xml >log 2>&1 || fail "xmlsec1 does not verify both: $(cat log)"
"$ours" decrypt-gcm $kmc <both.xml | "$ours" verify $kmc >back.xml || fail "we do not take both"
grep -q 'appId="meter-1"' back.xml || fail "both give another document"
echo "xmlsec: signatures and encryption agree both ways"
