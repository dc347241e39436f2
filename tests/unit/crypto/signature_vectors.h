// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_CRYPTO_SIGNATURE_VECTORS_H_
#define SIGNET_TESTS_UNIT_CRYPTO_SIGNATURE_VECTORS_H_

#include <string>
#include <vector>

#include "crypto/public_key.h"

// Written by make_signature_vectors.py. Every signature is of kMessage; keys
// and signatures are base64url (RFC 4648 section 5) without padding.

namespace signet::crypto {

struct SignatureVector {
  std::string name;
  SignatureAlgorithm algorithm;
  std::string signature;
  bool good;
};

// clang-format off

inline constexpr char kMessage[] = "header.payload";

inline constexpr char kRsaModulus[] =
    "6Qx07DprSby_wLK51tRvIHw2hC5AHjx8-PyKU88bF31a8GwQTynfTFLrmL2C"
    "zxjKnorlDmkLl61PL2ZEor1V1Ua-HIGGAqRyTBKRDZzLzJ6muXZf_UAF3M1F"
    "x2iUzAs10rhfMjjXy5HZNlR3najZxoPonVUz1DNeTpqgyjzhcxYCAkqZGZQL"
    "eTLtX8tVJMhMm7osuPWvGik78YjfhHl1GHow-DV4Nu-k4wlviZC3e7f_Rp9D"
    "1QpeGWAYOjeHiNMF5zTehzj9ojhBVqk1BKwrYWQBaPXeJlP7f7yrMm_n8Bhs"
    "TJJTmR4Hm3PiUvyy1-BcT9RzP353eDx20gbUHLoIvQ";

inline const std::vector<SignatureVector> kRsaVectors = {
    {"Rs256", SignatureAlgorithm::kRs256,
     "xnqWLDoYBJysAwL2E2jgM3Ax8qZuwQCGou-VLej-g_TUfrNBOGOe1lGit3fZ"
     "Y6inXx4IlStgpAZZLsRaEqw_ma7xxsmYuQ7QkjBodUlB2-6nyaWcl7mxDjZi"
     "jgsumo5R_PGuSBxMwl2pjCUPu5RNA_AzoIp5jqHG1ezoVG5-d5-t2Brx0iGN"
     "bIzunhGrbq8dMZvHIvYCEqR3XledkMw3LiVJhPK8OWMnrD5BwX9raLaOywcI"
     "qNBYrYWUjOdqZ1Notp9RP2Tp-3pq9Z4FyqU-8bNPSjbk928nKP0U9v2Ttq0N"
     "kYCUkvAqwf5aIJ47s2J0OnS3PryhTwyvL-AE5MK6tg",
     true},
    {"Rs256OverSha1", SignatureAlgorithm::kRs256,
     "thgyofvlMF-j18LWof-5mnhgcCh8KsVfaxjRr1w8AmRPP25K6uHgJy_3UajU"
     "uRP8kBjDRUB4mknybyF007Zb-plFh03Bbs2WFy7xcUAIO8067TPNLRpG65Mv"
     "UUhiJEvxxe-qX2QbEFuz5eJWTiYLzHwKrxIwRKM_0nJrYvS0ZoUuH17mBST6"
     "KU3jkZggdmLcKn8KBr-6KxZv2nO46Dn4XFQ5r7X0y4-9I8TQH6Jzc6R_FJfu"
     "eSiQQfPx0r533e4xS76nCkhS3Qjt2Ap7gewN0NLGK0lHcaiwNB6EileQ8_tM"
     "kYOo6mTWoXks97Tz_V3Wxn4wmoJuheR1cHAlBA2NfA",
     false},
    {"Rs256OverSha512", SignatureAlgorithm::kRs256,
     "SquvSvKJFrGQKj4zjs3f7-m0F0F00lp_WYZYItB26f0ZIrteZXY7nsGH1Z1q"
     "irrcyLfC8M_Inhsq1NPGiQ3HVj7UNz4MYeTZG7HhJT8SjruxH8TF715_jjH4"
     "Uw1MTW_TjToSoLFypAHH6VJBJbiYjdeUX-9Vwq1KjwvjNP-uUY5MnAdk8DQb"
     "QSk7-HrSeTX4bq9OzjvJhqRftVZoC7WzEZZe4IgB8tn1Mxulxy4DqmLJyHPj"
     "nYgCFbbb_ZEuXOtEFzA3rdL2ZMbX0Y97DuSf0POXC6F_oE32TuhsXvhn5bEp"
     "bRNKL4TfZX7Fycla3JQrlLYJYswTvyxgeinEXUgWiA",
     false},
    {"Rs256WithoutNull", SignatureAlgorithm::kRs256,
     "RMQ14eEAivIuvRmq5glJsQXOqhbRrrXNBycYoNvCsIRu8uPNWDQi16KsRwFg"
     "JdmJRNo6axBv0LINVfUD7hjiaRG5zb1yKwosISwerw4RPCUgS00j6nB5psL2"
     "KX3gXCbffrfz25g752t9Mfx8S9_CZqTj5e0LW3cwXT0Q6UR4dC2q00EfGguq"
     "8Dk920Ycoxt3F4lGdT8jaAUPZuXbNjqnYqEBt9a2bLjHBF9gXTvJX_2vXm9s"
     "Xeg3RFRpA3HbBXiCPbz8WHFlthBXPJz3WwL-DPA5lbikpm_FqCfwlPuaRZ7S"
     "hGtFBKDQioOnNiEHCe-DsbmECjt9CwluB-n8XmFtug",
     false},
    {"Rs256BlockType2", SignatureAlgorithm::kRs256,
     "b_Rvuh8eLjEf86wFfW77peHxE3RNQ3mpReTufLNN_ggLsndjuzqBVd_1fjRb"
     "Hdgf_hnXXbkEwbqaxVHSFkK_buDzXfXMD_6Xe7PjdTkqjE4cHLR_lrIn4Csl"
     "VOJkppOiXjWz3qp1ouBb3vdewWKYdPXmrIFVNMfo2cIrWX13iOfiT8qzjFBI"
     "f90D56epBkpQLSxFu3ToHLFRUXh6hGqWGmogVFwCaHxM4Ye44u2Z79YKtnXF"
     "Xcn63UoJj65_5Wg6SaoI7TpF6qTdFVVoHTOcp-q7IT0eswq4Ma0E4Mxk3U64"
     "plNohO8sRF439ZR359DotOJzzw2WZlJv94tB_OjXvw",
     false},
    {"Rs256ZeroFill", SignatureAlgorithm::kRs256,
     "26X4EezL2j-CvDWoylFGd_Iou02sBvbOlzfZyAe6O-yWRLnc3Nc4PsJR4gK7"
     "zx2k91BKrP9caCV92rvuf567p5AG5ms3TeIfuYQ-yX5OdqAu8M4wP6w8g_a-"
     "p1KILhE4BmvEvPTEiJBRsOQm1ZUXa3xrFB1g2QQPRqvEKpNfl6gVO-0F3RDl"
     "TDxgskYDC7P0l5-TFVp4P7H0mEYLEAvQfsbno5ceNbaNKCWl4Hoj684pqHTW"
     "si4QKht9LuDKzNbo5UPNJ8jmDSL8OrLaB0sUEFSU4Czp_8ZsXPtOEPzt1NV1"
     "oIBqqyZsiPzA1eDtT6idHdKkyJ1XXksDNpeOp-Ydfg",
     false},
    {"Rs256BytesAfterDigest", SignatureAlgorithm::kRs256,
     "YzXZiSoOGJBTGG3rUrh56qvU8BcDc624Pui3WnI4bf99a5ALGra-XhMkycVv"
     "soWxKpHRc4VS5-eLv5o4PjlNoVA0ayg8HfojR-1q0KcPv3flzvd4JqGhKvcw"
     "PjSFkpxaWjSbeMCYA-I-t7kDLBSMu9ztONrWAr8rpvmZ2cVLZ5FAjbc55oD4"
     "Ww56fIlTHNMVbDmf2g-MQRDEcOA_St4--xtMk6r2c7ZlLbrRjRXFCqAgPtZi"
     "-wwp77KB2l2xt5yf_IPUfCGhmIBnT2IVi6aqeALe_Oh-8_DZttPAWBqAWMty"
     "0ivT6bED5q8muW2b8Yi2MyQpY-tXe7sdj25G5TLyiQ",
     false},
    {"Rs256NullWithContent", SignatureAlgorithm::kRs256,
     "WLyEm9pTvUsR4AY0J2ab-1jjPqnJnYuVNFCoDNkH8oTG-vTXfziZOfxX-UsP"
     "Yvw6Ilg7_eJ9th72G44NZ5L8X3NVrI37a6vj1BzPhTUSL60lruCyboBAkX0U"
     "oIaLwvHA6iUYxgeLJQkhwTOQwvkStNgieVpKzHv0jKvaw1JYkak_TE5l7ypu"
     "5OaPhPDLeeZtxq-kuhLUPqkM7GQUd0SFDNUkdfib8dGDl-Q9LS-ocsq0MV1l"
     "He7KHt0hAQKnkJyGEfq3pg_lvgYrfAIYAIFYbuBDs1j1GSfpzn33uIQCrPOb"
     "ehYi-myNVI9f2qcC-Bm5aqhoaOWfNJDuUZ7adZwGeQ",
     false},
    {"Rs256BareDigest", SignatureAlgorithm::kRs256,
     "1BhXvH0hiuO8HkV7o0PtAREHkprS_SEeIDoGw9CdTD7zevV_yI0HEU_rykuU"
     "z-dWwS6rLJ4eF4oxIvKiXG-JekV1eeI9ypdyqe10qWth005roBF6pqbb-JDI"
     "Du-b9HOcbhlHhU9wnM7CwqCghsZqa8mP8Gq53dyfUUWL25JvZNKQV8xOjUJg"
     "tWbn71fNSFwCGYD8Kj5uOtjNA5_VTIp5awl7c8Uqp51rMFpA_eHn8GpQSvna"
     "XgINFjplvuUYpI6Nu2LJc79cw8_dwLYs6uBcg_HJDN6yrtFZtUMxz-SMl4TC"
     "ePlVYDXzE5A61ligLz4-EPwrCsdBOYB5NCy23BGiEQ",
     false},
    {"Rs256Zero", SignatureAlgorithm::kRs256,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
     false},
    {"Rs256One", SignatureAlgorithm::kRs256,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ",
     false},
    {"Rs256ModulusMinusOne", SignatureAlgorithm::kRs256,
     "6Qx07DprSby_wLK51tRvIHw2hC5AHjx8-PyKU88bF31a8GwQTynfTFLrmL2C"
     "zxjKnorlDmkLl61PL2ZEor1V1Ua-HIGGAqRyTBKRDZzLzJ6muXZf_UAF3M1F"
     "x2iUzAs10rhfMjjXy5HZNlR3najZxoPonVUz1DNeTpqgyjzhcxYCAkqZGZQL"
     "eTLtX8tVJMhMm7osuPWvGik78YjfhHl1GHow-DV4Nu-k4wlviZC3e7f_Rp9D"
     "1QpeGWAYOjeHiNMF5zTehzj9ojhBVqk1BKwrYWQBaPXeJlP7f7yrMm_n8Bhs"
     "TJJTmR4Hm3PiUvyy1-BcT9RzP353eDx20gbUHLoIvA",
     false},
    {"Rs256Modulus", SignatureAlgorithm::kRs256,
     "6Qx07DprSby_wLK51tRvIHw2hC5AHjx8-PyKU88bF31a8GwQTynfTFLrmL2C"
     "zxjKnorlDmkLl61PL2ZEor1V1Ua-HIGGAqRyTBKRDZzLzJ6muXZf_UAF3M1F"
     "x2iUzAs10rhfMjjXy5HZNlR3najZxoPonVUz1DNeTpqgyjzhcxYCAkqZGZQL"
     "eTLtX8tVJMhMm7osuPWvGik78YjfhHl1GHow-DV4Nu-k4wlviZC3e7f_Rp9D"
     "1QpeGWAYOjeHiNMF5zTehzj9ojhBVqk1BKwrYWQBaPXeJlP7f7yrMm_n8Bhs"
     "TJJTmR4Hm3PiUvyy1-BcT9RzP353eDx20gbUHLoIvQ",
     false},
    {"Rs256PlusModulus", SignatureAlgorithm::kRs256,
     "Aa-HCxh0g05Za8O1r-o9T1PsaHbUrt89A5vsH4G4GZtyL28fUYeNfiKkjlA1"
     "XDLBcf2o7aOUbDuzqF4qnrVplW71r-NLHruzQt5C-YLmDaiNToMb_JT5tusD"
     "qFVzw2aZh8-qDXpVJI3vgsJ5h1k9Jsp0HD3frWLVJSSHiR6rX-q1r9pliuu1"
     "mOW_2_3dAJN3ac1V89vrsSzNs0_gfRVFrEafen0oNHBSzI9HsUsQIuRujhGm"
     "TH3atsblrMce8fAmbp3UL8ad552yrExHOs9RalMXULMswx3DIqi5wClte6bF"
     "ed4S6CwOMl1yPHOa7otC0IpJKn47GMdJJgHm2QF8w3M",
     false},
    {"Rs256LeadingZero", SignatureAlgorithm::kRs256,
     "AMZ6liw6GAScrAMC9hNo4DNwMfKmbsEAhqLvlS3o_oP01H6zQThjntZRord3"
     "2WOop18eCJUrYKQGWS7EWhKsP5mu8cbJmLkO0JIwaHVJQdvup8mlnJe5sQ42"
     "Yo4LLpqOUfzxrkgcTMJdqYwlD7uUTQPwM6CKeY6hxtXs6FRufnefrdga8dIh"
     "jWyM7p4Rq26vHTGbxyL2AhKkd15XnZDMNy4lSYTyvDljJ6w-QcF_a2i2jssH"
     "CKjQWK2FlIznamdTaLafUT9k6ft6avWeBcqlPvGzT0o25PdvJyj9FPb9k7at"
     "DZGAlJLwKsH-WiCeO7NidDp0tz68oU8Mry_gBOTCurY",
     false},
    {"Rs256Cut", SignatureAlgorithm::kRs256,
     "xnqWLDoYBJysAwL2E2jgM3Ax8qZuwQCGou-VLej-g_TUfrNBOGOe1lGit3fZ"
     "Y6inXx4IlStgpAZZLsRaEqw_ma7xxsmYuQ7QkjBodUlB2-6nyaWcl7mxDjZi"
     "jgsumo5R_PGuSBxMwl2pjCUPu5RNA_AzoIp5jqHG1ezoVG5-d5-t2Brx0iGN"
     "bIzunhGrbq8dMZvHIvYCEqR3XledkMw3LiVJhPK8OWMnrD5BwX9raLaOywcI"
     "qNBYrYWUjOdqZ1Notp9RP2Tp-3pq9Z4FyqU-8bNPSjbk928nKP0U9v2Ttq0N"
     "kYCUkvAqwf5aIJ47s2J0OnS3PryhTwyvL-AE5MK6",
     false},
    {"Rs256Empty", SignatureAlgorithm::kRs256,
     "",
     false},
    {"Rs256AsPs256", SignatureAlgorithm::kPs256,
     "xnqWLDoYBJysAwL2E2jgM3Ax8qZuwQCGou-VLej-g_TUfrNBOGOe1lGit3fZ"
     "Y6inXx4IlStgpAZZLsRaEqw_ma7xxsmYuQ7QkjBodUlB2-6nyaWcl7mxDjZi"
     "jgsumo5R_PGuSBxMwl2pjCUPu5RNA_AzoIp5jqHG1ezoVG5-d5-t2Brx0iGN"
     "bIzunhGrbq8dMZvHIvYCEqR3XledkMw3LiVJhPK8OWMnrD5BwX9raLaOywcI"
     "qNBYrYWUjOdqZ1Notp9RP2Tp-3pq9Z4FyqU-8bNPSjbk928nKP0U9v2Ttq0N"
     "kYCUkvAqwf5aIJ47s2J0OnS3PryhTwyvL-AE5MK6tg",
     false},
    {"Ps256", SignatureAlgorithm::kPs256,
     "tgbSu0iiIa7mMQBk8jAERQVs9zgXIFo2JYNIBDx_pMClpuqC2FWUkok1FjW7"
     "KyWJEEmqk9BMAuzg5rw0uOvCOn088tNSxuvLwU15EMv7cwfZSH-nZlXFWP0x"
     "rPWQpxst9MDESbKC3ZTCIwkeIaS1GiRdS6zwrVPSXrzsjo_drGre7hhAPVEy"
     "PB8qLkotOUvjW1PTEK9YAH8qsMZm1q-SXucjSiISqE5gl2aeByf0eQlLoRgM"
     "xf63_8g5hlAmmkIdndnvLdE4JcD4eQb6GGldKd0SL6Q-JggkXo5JksZEx6Bx"
     "5nXCPD7ln9BN3R_D29Oj1IKnoxRvp15elpE2xMCAvw",
     true},
    {"Ps256AsRs256", SignatureAlgorithm::kRs256,
     "31mdO5h3aOqBLbp-k9JBCqVpawF_0lm5HD15R2SGZBRy0p7rHPUmCxRctC3U"
     "H8HSOED7agYkvgoE0FVvA07uNQSzvaJmKrND1qGsE5cC1TNT4FtrPpzq5uhh"
     "qudAPSbzsnruuSxlTYtMKK4DmI0iMc7aQ87fafKlWyyyQcRfueWt5UVu6LHl"
     "hkMD171gxdD3k5WXpiW1aWzJEC5Y4sIhbsPEvmKOZUiC--Mp8tYDaZ93Gbxn"
     "MEENjkDyP8bkYm1Y1ZWHZqV4Npa7DDiSoVcMnOaqTcfOFsE3NzB8qYfzEqNX"
     "yQIlkVqPuueCkKoPSI1BLHUMJnVbBJcoUbHH7dvbsw",
     false},
    {"Ps256Salt0", SignatureAlgorithm::kPs256,
     "yKNkH3VZfCQ2i7w1pWlKn-So7aAfJEY0-9JWHLJL86LkH-a7YcHFlhXFRTAb"
     "mKVWYfcEkXmsUujt221XL28Nkg3vakzLdkCK-9voB7Lkg4YAcyykJ8kXzcFH"
     "VNvjJy2WW6H49i6GGdV7bfdKjti4cgBLy94RkI1qhcPuowIJvhJjBZ3htGeI"
     "n7xYYL7qQPY9Xzpkvutx1yGfEm3BVXhwMgHGTPI_3ZHUIVQ7tlw6PZtOUwoG"
     "rntf5_W70fqd7BWIwqSlr7qOmc6YoS9uyC8VE1caGUjA6HBic9ijCLuhrH9r"
     "MPtDDa6urxpoT067MiAbdxK9Vfh4oiSc-u3kM0x0kA",
     false},
    {"Ps256Salt20", SignatureAlgorithm::kPs256,
     "whvpEQCVo1pMez_9Hf21mG_LTw0VBaK8XNB_v0_o7GGFAsr5yPD9OGFOOrJh"
     "9NEj9PG6HLssTyAwD2obaDtoohcUowKpgBOWER-U4C6H5O0qfXaWeyTz_sWK"
     "61XRpA_Cis8mm5Y8lua0zgc-hhqvcYehv99eQnRuFUO3HiEgOJfNlOQkx5Cp"
     "7SF0ahza7jW_cY7KNyO7B-IJeIVjgyRreAM9AQqDdi2xarg7tDZX7aJa37CU"
     "kCDKEGP5os-TShtYQL0nvV_nSWVZJqAeoNfy-ZUQbufZtWNHLssqQadJCIjP"
     "AyGXYnl9Y-ixQGitd0kJ-4nCllWPWxDo4S5Vk8VFOA",
     false},
    {"Ps256Salt31", SignatureAlgorithm::kPs256,
     "Ajyz-gVgjc58ROeUSq5ODgSAMKEvilW7l6wjVM42RU1RJGt1gBdggi9Yw3u4"
     "CBNZ4k2aOAhfEhUO4eaoVxMbFxNVnC9RdAN1j7aIyTsez5fMaCja8Z1vh3GE"
     "U0o1pkceaVbNSCF4JM9pvegm7CbfqLSk56oiyYXOftN-4UfltGNUgsyeWgWT"
     "1vFB7Yzta6PD_CKHcsdvynGCoasbCo8a79W4B744RDQMEhcg2zHgE6_43mJ5"
     "BjJPSrCj3LwhOTkbewyRxL4FaYNaPfgglewauzjB67mWBf_5my1KxcrnbAZh"
     "S_BfdTe1Hp3vBx3YE58z1zONjM8KCChc--reBNVmqQ",
     false},
    {"Ps256Salt33", SignatureAlgorithm::kPs256,
     "YTMVN93HFxIPlUmwyAjRE4yqYccIouTvibqOpIaEZO3BMUE__UaSxGt0nk10"
     "MTnbkqDbqXXms2WE6YPvNl4k8nlCK1aEomkFdyLzXfLnVlr4wORgU6ocoy0X"
     "tpAT8Aki9w66x79KLS9XBPbv2q_KR06sERJdR240eUsVidlbYFMDiuyFOO1l"
     "0NEqDm_gv3Rei73IBU3aqxg-VqRZ3WQyKkC2m0yw_xpl6F5CT6FwZOqST9Tp"
     "2N24dS5NAihFXYSqAVpfPCo0UvZOgpf-a6_vG5Be_JCdVpdWGDB2n3b0r6WB"
     "qG46RAc-qvIFYG6iIqaTcIGUOgsLrpQ3giblKqfWtg",
     false},
    {"Ps256Salt222", SignatureAlgorithm::kPs256,
     "FH26Cycy7siWVzCDpUk6-Bk4sJyVHodtuNHsanBxKsJXKiATscBA1YexuGj7"
     "C-sZrhY0NKLGyKfAz2R_q31bN2l-lIi3XJARbJDo2b-D62ayvsdfbgCiLKOi"
     "3XKxzBQJYh2yNaEXal2R6OqDUYbHtK-U5Ul3ydLXPit1lm23ldULS3H1DjMl"
     "ydQ9YU3H1DwC0dPHGkhDo1tUcHVzma60eJYkFyTNpkgiyvRkEV7Dpzy0Qq1O"
     "lHwZP0aRaxpMe97x_k2MM-cX4y4QU7rd-pkini5sPWtAOevKjG7bjVUo0Klh"
     "KfBV9nnr0zyfHldBnBfnZo9Cmzv-7EpjXnNZh4Y-yg",
     false},
    {"Ps256MgfSha1", SignatureAlgorithm::kPs256,
     "SFHlkILYPW8e2YGNhLsBq8591iIFICcZgS-A3ADZHApxPKUYdndRr5562yQJ"
     "C_6b7cvJrg9ejLlfd5ot5O1GrupngzGslD_Qyw-kuxVn53pmvKCHUHXu1VrZ"
     "BSpZOnXFs-OeitQu26J-2JHcxsVanjgrAT70ba5DRFxhDQmnnk0H--zYODjw"
     "slKrGrH9z1DrF8Fb542sZFbSe3XhBcMtMffxtHkNOYyFzyRrqWEVnZnZgevl"
     "eN3goRO3JPUfOIsAMtXuUkEdbic2zcJCk1Pr0gB85RAtb2AaYI2YBNcsDXD9"
     "wx2-ycP4MjoM6VNI_rnLR5DWA37iSyJwJqWkDs806A",
     false},
    {"Ps256OverSha512", SignatureAlgorithm::kPs256,
     "3HzCOpz6lFtDmZC89cIKTccIF3pEc_LObXkSlqK1PltQ3dDcBWnOSuHt-ksZ"
     "eZROG4bzqehjPmBk4CGuuOXK8sn7wNOPTmga06U5g9hAIlXy2RoyomnjC-1I"
     "Fez5idqeYfw7S3UM6yoDvCjtkCe4fv5Z14PgfomAaZBBJZufpoo9ZUdhpx9M"
     "yLTZ9PG3V_i18C-i9Mw_l5U-r4dN5A2C7Q_w9lFNLvwi6xnwN52oaQiMSub1"
     "kwoa5QiNZ60hFG9YB7VijyzrdPhXwsSOkplubKBpz6oWr_kH4d1mC_YFsKXG"
     "mcK4MscVBTnDve_WIaKhtN0-8cdFQnQF8-wRMalOXg",
     false},
    {"Ps256Zero", SignatureAlgorithm::kPs256,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
     false},
    {"Ps256LeadingZero", SignatureAlgorithm::kPs256,
     "AJDxwmmmYUo_2454jitibkCP2h_nvdxQq8NJ1b85ZigCXF6PORMM9KAtdZIX"
     "oXoFMCQhIUHUEabFPyyvE5AC_2V0ULlb5niDckL_dGEm-UqDjZG7OEBLv2Ew"
     "Vif4thwCUvh57ZvGqVOm9tbe_RdkmTEaIm2Cs9EkXewwvn99mWHAJdNtj6RO"
     "wa75qwKQ4MJUtoM2a-QHu7c1oQEc7m5eWT4o51sUJYxs0AKdkI6oph7HzNpc"
     "MQaBLHuE5JGr-m17mul4g-rUhuW-aYGbSHDKeUU7nOhH598Oh1FofuIuf4Ne"
     "Mf7mMjiOzGhRqQMGCcXqc3iL3K5LeVmsD1X5LAd4E9g",
     false},
};

inline constexpr char kP256X[] =
    "WTX-XzkvnLu2MbPVUnWdWvS6le8Xmia1DBnJWiIKS7M";

inline constexpr char kP256Y[] =
    "aeBn7dv4nB1ew1No6NJHi7wE7JwJiiK7Wbw_n6pT5PI";

inline const std::vector<SignatureVector> kP256Vectors = {
    {"Good", SignatureAlgorithm::kEs256,
     "hcSpTxQVF0wCfaKHgaM4FTa4RJJGInRNCBz-Q0Gh4WpG7-3NGnnaIxKRZltc"
     "AYz3Nyak4WytXN-OgVXd0PZq0Q",
     true},
    {"OtherS", SignatureAlgorithm::kEs256,
     "hcSpTxQVF0wCfaKHgaM4FTa4RJJGInRNCBz-Q0Gh4Wq5EBIx5YYl3e1umaSj"
     "_nMIhcBVzDpqQaVlOHTlK2y6gA",
     true},
    {"OtherHash", SignatureAlgorithm::kEs256,
     "WTYIIoRgoMW2sbD97-JnSg_i9yL8tJ8VcJMSzKz7keTE1CxtYXdNmdtcyJPT"
     "AJKXCz7gxWqQ5pMxKWbV-IHuqQ",
     false},
    {"Der", SignatureAlgorithm::kEs256,
     "MEUCIQCFxKlPFBUXTAJ9ooeBozgVNrhEkkYidE0IHP5DQaHhagIgRu_tzRp5"
     "2iMSkWZbXAGM9zcmpOFsrVzfjoFV3dD2atE",
     false},
    {"Swapped", SignatureAlgorithm::kEs256,
     "Ru_tzRp52iMSkWZbXAGM9zcmpOFsrVzfjoFV3dD2atGFxKlPFBUXTAJ9ooeB"
     "ozgVNrhEkkYidE0IHP5DQaHhag",
     false},
    {"BothZero", SignatureAlgorithm::kEs256,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAA",
     false},
    {"RZero", SignatureAlgorithm::kEs256,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABG7-3NGnnaIxKRZltc"
     "AYz3Nyak4WytXN-OgVXd0PZq0Q",
     false},
    {"SZero", SignatureAlgorithm::kEs256,
     "hcSpTxQVF0wCfaKHgaM4FTa4RJJGInRNCBz-Q0Gh4WoAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAA",
     false},
    {"ROrder", SignatureAlgorithm::kEs256,
     "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVFG7-3NGnnaIxKRZltc"
     "AYz3Nyak4WytXN-OgVXd0PZq0Q",
     false},
    {"SOrder", SignatureAlgorithm::kEs256,
     "hcSpTxQVF0wCfaKHgaM4FTa4RJJGInRNCBz-Q0Gh4Wr_____AAAAAP______"
     "____vOb6racXnoTzucrC_GMlUQ",
     false},
    {"BothOne", SignatureAlgorithm::kEs256,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAQ",
     false},
    {"AllOnes", SignatureAlgorithm::kEs256,
     "____________________________________________________________"
     "_________________________w",
     false},
    {"Cut", SignatureAlgorithm::kEs256,
     "hcSpTxQVF0wCfaKHgaM4FTa4RJJGInRNCBz-Q0Gh4WpG7-3NGnnaIxKRZltc"
     "AYz3Nyak4WytXN-OgVXd0PZq",
     false},
    {"Long", SignatureAlgorithm::kEs256,
     "hcSpTxQVF0wCfaKHgaM4FTa4RJJGInRNCBz-Q0Gh4WpG7-3NGnnaIxKRZltc"
     "AYz3Nyak4WytXN-OgVXd0PZq0QA",
     false},
    {"LeadingZeros", SignatureAlgorithm::kEs256,
     "AIXEqU8UFRdMAn2ih4GjOBU2uESSRiJ0TQgc_kNBoeFqAEbv7c0aedojEpFm"
     "W1wBjPc3JqThbK1c346BVd3Q9mrR",
     false},
    {"Empty", SignatureAlgorithm::kEs256,
     "",
     false},
};

inline constexpr char kP384X[] =
    "9EUdIcABdhGLwJBZaeT15afMAq0mLBcz0y8hn3lvzErge12NX9zhTwSt5ivY"
    "hSqH";

inline constexpr char kP384Y[] =
    "CWHegZYnRE9CzTF-Qkn7hbaXamoGrJb773kyDzzOnD3tSzLvRaG8W9g0NZy9"
    "dFTf";

inline const std::vector<SignatureVector> kP384Vectors = {
    {"Good", SignatureAlgorithm::kEs384,
     "eJiS1jo3-FfX3A-6EYcFOTXVwvHxa7nlHGsebttqqOURQdTPJAkPA3cAeomv"
     "lYXyqmx1f7NTwXLPmDv5pvNuuYFd8o8dKNT34v3BIb08veyzFTjMZMOsaZum"
     "JqkVmS1G",
     true},
    {"OtherS", SignatureAlgorithm::kEs384,
     "eJiS1jo3-FfX3A-6EYcFOTXVwvHxa7nlHGsebttqqOURQdTPJAkPA3cAeomv"
     "lYXyVZOKgEysPo0wZ8QGWQyRRn6iDXDi1ysH5GWMYDb6b_KlBNTl4-z7EVFF"
     "8sG3K_wt",
     true},
    {"OtherHash", SignatureAlgorithm::kEs384,
     "pEeH005wdt-v6AbzJ9sSKszgRuUxRQqLGyt22f69qQ2EpRSB2airziTHj8NQ"
     "zSAf1mfEh3_BxnbI4mGneoKcL7S2FRAihy2ToGRJKOf7R-UJqI6dB-f1sqQ1"
     "7D1H_41L",
     false},
    {"Der", SignatureAlgorithm::kEs384,
     "MGUCMHiYktY6N_hX19wPuhGHBTk11cLx8Wu55RxrHm7baqjlEUHUzyQJDwN3"
     "AHqJr5WF8gIxAKpsdX-zU8Fyz5g7-abzbrmBXfKPHSjU9-L9wSG9PL3ssxU4"
     "zGTDrGmbpiapFZktRg",
     false},
    {"Swapped", SignatureAlgorithm::kEs384,
     "qmx1f7NTwXLPmDv5pvNuuYFd8o8dKNT34v3BIb08veyzFTjMZMOsaZumJqkV"
     "mS1GeJiS1jo3-FfX3A-6EYcFOTXVwvHxa7nlHGsebttqqOURQdTPJAkPA3cA"
     "eomvlYXy",
     false},
    {"BothZero", SignatureAlgorithm::kEs384,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAA",
     false},
    {"RZero", SignatureAlgorithm::kEs384,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAqmx1f7NTwXLPmDv5pvNuuYFd8o8dKNT34v3BIb08veyzFTjMZMOsaZum"
     "JqkVmS1G",
     false},
    {"SZero", SignatureAlgorithm::kEs384,
     "eJiS1jo3-FfX3A-6EYcFOTXVwvHxa7nlHGsebttqqOURQdTPJAkPA3cAeomv"
     "lYXyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAA",
     false},
    {"ROrder", SignatureAlgorithm::kEs384,
     "________________________________x2NNgfQ3Ld9YGg2ySLCneuzsGWrM"
     "xSlzqmx1f7NTwXLPmDv5pvNuuYFd8o8dKNT34v3BIb08veyzFTjMZMOsaZum"
     "JqkVmS1G",
     false},
    {"SOrder", SignatureAlgorithm::kEs384,
     "eJiS1jo3-FfX3A-6EYcFOTXVwvHxa7nlHGsebttqqOURQdTPJAkPA3cAeomv"
     "lYXy________________________________x2NNgfQ3Ld9YGg2ySLCneuzs"
     "GWrMxSlz",
     false},
    {"BothOne", SignatureAlgorithm::kEs384,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAB",
     false},
    {"AllOnes", SignatureAlgorithm::kEs384,
     "____________________________________________________________"
     "____________________________________________________________"
     "________",
     false},
    {"Cut", SignatureAlgorithm::kEs384,
     "eJiS1jo3-FfX3A-6EYcFOTXVwvHxa7nlHGsebttqqOURQdTPJAkPA3cAeomv"
     "lYXyqmx1f7NTwXLPmDv5pvNuuYFd8o8dKNT34v3BIb08veyzFTjMZMOsaZum"
     "JqkVmS0",
     false},
    {"Long", SignatureAlgorithm::kEs384,
     "eJiS1jo3-FfX3A-6EYcFOTXVwvHxa7nlHGsebttqqOURQdTPJAkPA3cAeomv"
     "lYXyqmx1f7NTwXLPmDv5pvNuuYFd8o8dKNT34v3BIb08veyzFTjMZMOsaZum"
     "JqkVmS1GAA",
     false},
    {"LeadingZeros", SignatureAlgorithm::kEs384,
     "AHiYktY6N_hX19wPuhGHBTk11cLx8Wu55RxrHm7baqjlEUHUzyQJDwN3AHqJ"
     "r5WF8gCqbHV_s1PBcs-YO_mm8265gV3yjx0o1Pfi_cEhvTy97LMVOMxkw6xp"
     "m6YmqRWZLUY",
     false},
    {"Empty", SignatureAlgorithm::kEs384,
     "",
     false},
};

inline constexpr char kEd25519Key[] =
    "eJ8nJAGmVX0PO7DaVEKxLTEI4FHSdqFMg5_PTex_gmM";

inline const std::vector<SignatureVector> kEd25519Vectors = {
    {"Good", SignatureAlgorithm::kEdDsa,
     "ypBYtVb_ugoGPR9YYPhJKSvSY0C0SKVx9mAAFLSId2ndjkmpAAcGAVef1rII"
     "DxhIcH5W_KTfWFKM1Jo9yyZYAA",
     true},
    {"SPlusOrder", SignatureAlgorithm::kEdDsa,
     "ypBYtVb_ugoGPR9YYPhJKSvSY0C0SKVx9mAAFLSId2nKYj8GG2oYWS08zlXn"
     "CPdccH5W_KTfWFKM1Jo9yyZYEA",
     false},
    {"SZero", SignatureAlgorithm::kEdDsa,
     "ypBYtVb_ugoGPR9YYPhJKSvSY0C0SKVx9mAAFLSId2kAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAA",
     false},
    {"OtherMessage", SignatureAlgorithm::kEdDsa,
     "EIfjm09o1FvxZrGf0KrrrThFnK3Bs2jG92lHdRNoAAt7mZb1sAFRod-lNO8S"
     "3JkceDXVmmCcZKJD1-hMtvqZDg",
     false},
    {"Zero", SignatureAlgorithm::kEdDsa,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAA",
     false},
    {"AllOnes", SignatureAlgorithm::kEdDsa,
     "____________________________________________________________"
     "_________________________w",
     false},
    {"Cut", SignatureAlgorithm::kEdDsa,
     "ypBYtVb_ugoGPR9YYPhJKSvSY0C0SKVx9mAAFLSId2ndjkmpAAcGAVef1rII"
     "DxhIcH5W_KTfWFKM1Jo9yyZY",
     false},
    {"Long", SignatureAlgorithm::kEdDsa,
     "ypBYtVb_ugoGPR9YYPhJKSvSY0C0SKVx9mAAFLSId2ndjkmpAAcGAVef1rII"
     "DxhIcH5W_KTfWFKM1Jo9yyZYAAA",
     false},
    {"Empty", SignatureAlgorithm::kEdDsa,
     "",
     false},
};

// clang-format on

}  // namespace signet::crypto

#endif  // SIGNET_TESTS_UNIT_CRYPTO_SIGNATURE_VECTORS_H_
