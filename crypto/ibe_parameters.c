/* The two parameter sets, and what is made of each once. */
#include "crypto/ibe_impl.h"

#include <assert.h>
#include <pthread.h>

#include "crypto/hash.h"

/* RFC 6509 appendix A: parameter set 1. */
static const struct ibe_curve_settings sakke_settings = {
    .form = IBE_FORM_A3,
    .hash = ibe_hash_sha256,
    .hash_n = 32,
    .p = "997abb1f0a563fda65c61198dad0657a416c0ce19cb48261be9ae358b3e01a2ef40aab27e2fc0f1b"
         "228730d531a59cb0e791b39ff7c88a19356d27f4a666a6d0e26c6487326b4cd4512ac5cd65681ce1"
         "b6aff4a831852a82a7cf3c521c3c09aa9f94d6af56971f1ffce3e82389857db080c5df10ac7ace87"
         "666d807afea85feb",
    .q = "265eaec7c2958ff69971846636b4195e905b0338672d20986fa6b8d62cf8068bbd02aac9f8bf03c6"
         "c8a1cc354c69672c39e46ce7fdf222864d5b49fd2999a9b4389b1921cc9ad335144ab173595a0738"
         "6dabfd2a0c614aa0a9f3cf14870f026aa7e535abd5a5c7c7ff38fa08e2615f6c203177c42b1eb3a1"
         "d99b601ebfaa17fb",
    .px = "53fc09ee332c29ad0a7990053ed9b52a2b1a2fd60aec69c698b2f204b6ff7cbfb5edb6c0f6ce2308"
          "ab10db9030b09e1043d5f22cdb9dfa55718bd9e7406ce8909760af765dd5bccb337c86548b72f2e1"
          "a702c3397a60de74a7c1514dba66910dd5cfb4cc80728d87ee9163a5b63f73ec80ec46c4967e0979"
          "880dc8abeae63895",
    .py = "0a8249063f6009f1f9f1f0533634a135d3e82016029906963d778d821e141178f5ea69f4654ec2b9"
          "e7f7f5e5f0de55f66b598ccf9a140b2e416cff0ca9e032b970dae117ad547c6ccad696b5b7652fe0"
          "ac6f1e80164aa989492d979fc5a4d5f213515ad7e9cb99a980bdad5ad5bb4636adb9b5706a67dcde"
          "75573fd71bef16d7",
};
static const char sakke_g_hex[] =
    "66fc2a432b6ea392148f15867d623068c6a87bd1fb94c41e27fabe658e015a87371e94744c96feda"
    "449ae9563f8bc446cbfda85d5d00ef577072da8f541721beee0faed1828eab90b99dfb0138c78433"
    "55df0460b4a9fd74b4f1a32bcafa1ffad682c033a7942bcce3720f20b9b7b0403c8cae87b7a0042a"
    "cde0fab36461ea46";

/* RFC 5091 asks each authority for numbers of its own; these are of the size of its n = 3072
 * (p 1536 bits, q 256), as in tests/vectors/ibe_bf_rfc5091.txt. q = 2^255 + 2^243 + 1 makes the
 * pairing's loop short. */
static const struct ibe_curve_settings bf_settings = {
    .form = IBE_FORM_B1,
    .hash = ibe_hash_sha256,
    .hash_n = 32,
    .p = "ad9bddd0f6dc57af87d109799d046d6f7c08fe14f26fd823f53cc248e35b8edb57d8f64ec22069f2"
         "21f6173525c62411ecd4b6e7b2f9a1b558272086c5621fc74c68181e80430340c158ff6c123edcca"
         "1d0e62cfbb917f0c5cd4a9d6b622356d3b1350915f539d1fe018dbb5589d74d4e68c65aafeda22ab"
         "7781e56bdd75b695bbf01673ba123dd5c790306eac61075d9d6b06f52b02d72d8e081cd57dd7b767"
         "040275b8ba9929a8fbcbf62b3db04bb06aad1fc0b6c2ef6d63d11db591cec7db",
    .q = "8008000000000000000000000000000000000000000000000000000000000001",
    .px = "5b28066df60083d090a332804b7d0e6758f7f697e76a9e59af434652ef5cec0360e94a514df9b123"
          "0bbd4a8ebc9d629c34abc5d75027688d98168ca3fd45a2862b55d78adf6b83652efeb579b7f4333e"
          "fe7ab60f4bd393443c39a646eb32fbf1621ec27fc34cd6fcbd9dc5aa34c8d884ef039bb32b301b59"
          "561b9a2f1591a1560d2eb416e7b2ccbdbf9091b49a0689b57f56753265576294be03fd4087e1b6e1"
          "d9f260f79807ab6d10b339232ad14424f809f31eab39c0a13133412d8ac45bc0",
    .py = "34dc8b2cd6fa5cf1a1f551fce41085c767c8f0fbb13a12c6d9f6642365bd0a5310a2f9207d061a20"
          "82228e5a04ee9278755046710b046d30f0c3496aae45255463642b7837db8b45af792f2e73c69eec"
          "a5bdd7b725437c51c6dddb74e51deef615cac821287be764b364b01a41f97b408b2eb9cd57439a6b"
          "566616d1e7dc7c125a6b8f77045d7858de4fa195f2b0406e6bf40e6110c5d0467bd8ab12479757cb"
          "6f27330d08413694f3512e2bc51960790e48c0b919b8ff42f01bf9072edefad0",
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct ibe_curve *sakke, *bf;
static struct ibe_comb_fp2 *sakke_g;

/* Kept to the program's end: any entity may need them. */
static void make(void)
{
    uint8_t octets[IBE_FP_OCTETS];
    struct ibe_fp g;
    sakke = ibe_curve_new(&sakke_settings);
    bf = ibe_curve_new(&bf_settings);
    bool ok = hex_decode(sakke_g_hex, sizeof sakke_g_hex - 1, octets, sakke->field.octets) &&
              ibe_fp_read(&sakke->field, &g, octets);
    assert(ok);
    sakke_g = ibe_comb_fp2_new(sakke, &g);
}

const struct ibe_curve *ibe_curve_of(enum ibe_scheme scheme)
{
    pthread_once(&once, make);
    return scheme == IBE_SAKKE ? sakke : bf;
}

const struct ibe_comb_fp2 *ibe_sakke_g(void)
{
    pthread_once(&once, make);
    return sakke_g;
}
