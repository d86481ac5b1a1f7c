#include "storage/password/verify.h"

#include <gtest/gtest.h>

#include "storage/password/base64.h"
#include "storage/password/digest.h"
#include "storage/password/otp.h"
#include "storage/password/scram_keys.h"

namespace gatepost::storage {
namespace {

using enum VerifyOutcome;

constexpr std::string_view kSampleLogin = "alice@example.test";

// Each scheme once, password "secret", login kSampleLogin, made by Dovecot 2.3.19 and
// libxcrypt 4.4.33.
constexpr std::string_view kOfDovecot[] = {
    "{PLAIN}secret",
    "{CLEAR}secret",
    "{CLEARTEXT}secret",
    "{PLAIN-TRUNC}6-secret",
    "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
    "{SHA1}5en6G6MezRroT3XKqkdPOmY/BfQ=",
    "{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=",
    "{SHA256.HEX}2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",
    "{SHA512}vSsar3708Jvp9Szi2NWZZ02Bqp1qRCFpbcTZPdBhnWgs5WtNZKnvCXdhztmeD2cmW192CF5bDufKRpayrW/"
    "isg==",
    "{SSHA}365+XAKol4BsFgk+yuTOs1/f4kh7Nuju",
    "{SSHA.HEX}0295290f88558e4c48191a8d056cc344a9fee13073f20ee0",
    "{SSHA256}u0Q8EGSagFDPuCnHUBYMXqZ1/+cxzicMkLd9wrtaaiJTFNOx",
    "{SSHA512}RQdwT+9Bi/GlZIEVxZ52Spchy8McijpmCMn/0DAv1kp3JpwTTJfjMNpX5mUiBdpSAE1RE3Qjjvt2ajMaEEKS"
    "1PurZfE=",
    "{SMD5}J8H4Ij2S/ii06Hw8oOWH6c+HG3c=",
    "{LDAP-MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==",
    "{PLAIN-MD5}5ebe2294ecd0e0f08eab7690d2a6ee69",
    "{PLAIN-MD4}67d3dafef63ff00603aeef3769cfbf0d",
    "{MD5-CRYPT}$1$E2Ow5CsN$Emp8QI6uRnzZEG1cWheWY1",
    "{MD5}$1$KpmMu6.c$YGBLa00UQ6pce1d7212Ag.",
    "{DES-CRYPT}oDrMdtX50xVNs",
    "{CRYPT}$2y$05$ZVLIDRjvs1axfPIb0npy/ebYmZIUXjzc/gCcauBGVT6OPm5KQ7Gzi",
    "{CRYPT}$7$CU..../....F5Jx5fExrKuPp53x$AAGN895JvVAnOIfYezKnGS9lfQxh/un1TFnB.LE0Sy6",
    "{CRYPT}$2b$08$abcdefghijklmnopqrstuuKxCcvB7KZ7.BpDoK0bh6qM7Dl1/xiJa",
    "{CRYPT}$md5,rounds=904$iFFqEd4O$$IO149HZy9HXvs.S2Lr.ko.",
    "{CRYPT}$sha1$1000$abcdefgh$ji8ESnkwjcTjo4hThodnLYyi.3yG",
    "{CRYPT}$3$$878d8014606cda29677a44efa1353fc7",
    "{CRYPT}_J9..abcd/H6HLCcf7nw",
    "abNANd1rDfiNc",
    "{CRYPT}$y$j9T$F5Jx5fExrKuPp53xLKQ..1$GmcwIgvdUC9qLWcKCi6gklUa1dM3ziD43YxYNURLKy0",
    "{SHA256-CRYPT}$5$AmDML5GGhO48JGLg$XbgmroIV65FrWHvQlhNgGx/GDAIZ4KmrqejrbQz4Mi4",
    "{SHA256-CRYPT}$5$rounds=10000$kMD43nERkGjgb2Kw$nNZwlL2c6kDONFpDrk7i79SnhV9PAYIkxlSjuiLlr2.",
    "{SHA512-CRYPT}$6$X99RH3ePZp.7copc$1qVQk8u6I6kR9T53gJolofdbbiJQzFPm9OOcxCeKQmQu0JGpogccFOe1."
    "S7mfrU1sXdS2gmXFxdcRk20Z8eoo/",
    "{BLF-CRYPT}$2y$05$Jbl.9xLOT/cClgrovhzrtecAErigCr1upm8aTM.b0UTRSJ7JNTW/W",
    "{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$X1nkd2njg+Tn54WvMu27FA$2lslAsu0GJqC+00WHaKrC0qDHB6pJlG/"
    "uQy8mY3CaUo",
    "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$W1fTCPCBlYhap2W1vNyNxg$zcrtkzV4wLRW5EEIoOD/3/V74S/"
    "Op6lj1ek5fnW7GWo",
    "{PBKDF2}$1$06.jC5esmLjna9mA$5000$1943cd9e86b74fdb98f793e10f52975088e47224",
    "{SCRAM-SHA-1}4096,XD9mvuay+A4GD1Sa8Cu0MA==,yK4zZnVC3wR290fMdnAv+L1CSEA=,"
    "Ha99D26BsScRkGKrJsBTSQWtYwk=",
    "{SCRAM-SHA-256}4096,iJyRLODyBuuVlLW/O09ChQ==,hsb9+pYutCbgI8TPobiO9864AIKZ6b+6IQl5J75ABdU=,"
    "owH8oU+MeMHdIhxOahCXddKDfIK/feBGc65ewh9WAsw=",
    "{CRAM-MD5}cd3ba7deaad6e5ca23448ba42e379747a9e0f7f1fbc00c8a81bbaac395731b56",
    "{HMAC-MD5}cd3ba7deaad6e5ca23448ba42e379747a9e0f7f1fbc00c8a81bbaac395731b56",
    "{DIGEST-MD5}4842575394a190ef4c973253ba19099c",
    "{OTP}sha1 1024 54fdb3ea9894c11e 1e66871192012efd",
};

TEST(Verify, WhatDovecotAndCryptMade) {
    for (std::string_view stored : kOfDovecot) {
        SCOPED_TRACE(stored);
        EXPECT_EQ(verify_password("secret", stored, kSampleLogin), match);
        EXPECT_EQ(verify_password("Secret", stored, kSampleLogin), mismatch);
        EXPECT_EQ(verify_password("", stored, kSampleLogin), mismatch);
    }
}

TEST(Verify, OfNamesInAnyCase) {
    EXPECT_EQ(
        verify_password("secret", "{ssha.hex}0295290f88558e4c48191a8d056cc344a9fee13073f20ee0",
                        kSampleLogin),
        match);
}

// RFC 7677 §3: user "user", password "pencil".
TEST(Verify, ScramKeysOfTheRfc) {
    const auto salt = decode_base64("W22ZaJ0SNY7soEsUEjb6gQ==", Base64Padding::required);
    ASSERT_TRUE(salt);
    const ScramKeys keys = derive_scram_keys(ScramHash::sha256, "pencil", *salt, 4096);
    EXPECT_EQ(encode_base64(keys.stored_key), "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=");
    EXPECT_EQ(encode_base64(keys.server_key), "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
    const auto again = parse_scram_keys(keys.text(), ScramHash::sha256);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->text(), keys.text());
    EXPECT_EQ(parse_scram_keys(keys.text(), ScramHash::sha1), std::nullopt);
}

// RFC 2289 Appendix C: passphrase "This is a test.", seed "TeSt".
TEST(Verify, OtpOfTheRfc) {
    const std::string passphrase = "This is a test.";
    EXPECT_EQ(encode_hex(compute_otp(DigestKind::md4, 0, "test", passphrase)), "d1854218ebbb0b51");
    EXPECT_EQ(encode_hex(compute_otp(DigestKind::md5, 0, "test", passphrase)), "9e876134d90499dd");
    EXPECT_EQ(encode_hex(compute_otp(DigestKind::sha1, 0, "test", passphrase)), "bb9e6ae1979d8ff4");
    EXPECT_EQ(encode_hex(compute_otp(DigestKind::sha1, 99, "test", passphrase)),
              "87fec7768b73ccf9");
    EXPECT_EQ(verify_password(passphrase, "{OTP}md5 99 TeSt 50fe1962c4965880", ""), match);
    EXPECT_EQ(verify_password(passphrase, "{OTP}md5 99 Te-St 50fe1962c4965880", ""), malformed);
}

TEST(Verify, PlainTruncCutsThePasswordWhereTheStoredOneWasCut) {
    EXPECT_EQ(verify_password("secretary", "{PLAIN-TRUNC}6-secret", ""), match);
    EXPECT_EQ(verify_password("secre", "{PLAIN-TRUNC}6-secret", ""), mismatch);
    EXPECT_EQ(verify_password("secret", "{PLAIN-TRUNC}8-secret", ""), match);
    EXPECT_EQ(verify_password("secretary", "{PLAIN-TRUNC}8-secret", ""), mismatch);
    EXPECT_EQ(verify_password("secret", "{PLAIN-TRUNC}secret", ""), match);
    EXPECT_EQ(verify_password("anything", "{PLAIN-TRUNC}0-", ""), malformed);
    EXPECT_EQ(verify_password("x", "{PLAIN-TRUNC}99999999999-x", ""), malformed);
}

TEST(Verify, DigestMd5HashesTheLoginToo) {
    constexpr std::string_view kStored = "{DIGEST-MD5}4842575394a190ef4c973253ba19099c";
    EXPECT_EQ(verify_password("secret", kStored, "bob@example.test"), mismatch);
    EXPECT_EQ(verify_password("secret", "{DIGEST-MD5}cc3a3506aba601d2feee7bf9b34237ce", "alice"),
              match);
}

TEST(Verify, AnOctetZeroDoesNotEndAPassword) {
    const std::string longer("secret\0more", 11);
    for (std::string_view stored : kOfDovecot) {
        if (stored.starts_with("{PLAIN-TRUNC}")) continue;  // that one was cut off at six
        EXPECT_EQ(verify_password(longer, stored, kSampleLogin), mismatch) << stored;
    }
}

TEST(Verify, NothingStoredMatchesByBeingEmpty) {
    for (std::string_view stored : {"",
                                    "{PLAIN}",
                                    "{CRYPT}",
                                    "{SSHA}",
                                    "{SHA1}",
                                    "{SSHA512}",
                                    "{ARGON2ID}",
                                    "{OTP}",
                                    "{PBKDF2}",
                                    "{SCRAM-SHA-256}",
                                    "{CRAM-MD5}",
                                    "{DIGEST-MD5}",
                                    "{MD5}",
                                    "*",
                                    "!",
                                    "x",
                                    "ab",
                                    "{PLAIN.hex}",
                                    "{CRYPT}$6$salt",
                                    "{CRYPT}$2y$05$",
                                    "{CRYPT}$1$"})
        for (std::string_view password : {"", "x", "secret"})
            EXPECT_NE(verify_password(password, stored, ""), match) << stored;
}

TEST(Verify, WhatIsMalformed) {
    for (std::string_view stored :
         {"{SHA1}AAAA",
          "{SSHA}AAAA",
          "{SHA1}!",
          "{SHA1.hex}0",
          "{PLAIN-MD5}00",
          "{CRYPT}$9$salt$x",
          "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$W1fTCPCBlYhap2W1vNyNxg",
          "{ARGON2ID}$argon2id$v=18$m=65536,t=3,p=1$W1fTCPCBlYhap2W1vNyNxg$zcrtkzV4wLRW5EEI",
          "{ARGON2ID}$argon2id$v=19$m=4,t=3,p=1$W1fTCPCBlYhap2W1vNyNxg$zcrtkzV4wLRW5EEI",
          "{ARGON2ID}$argon2id$v=19$m=8,t=0,p=1$W1fTCPCBlYhap2W1vNyNxg$zcrtkzV4wLRW5EEI",
          "{PBKDF2}$1$salt$0$1943cd9e86b74fdb98f793e10f52975088e47224",
          "{PBKDF2}$1$salt$10$1943cd",
          "{PBKDF2}$2$salt$10$1943cd9e86b74fdb98f793e10f52975088e47224",
          "{SCRAM-SHA-256}0,AAAA,AAAA,AAAA",
          "{SCRAM-SHA-256}4096,AAAA,AAAA,AAAA",
          "{OTP}sha1 0 abc 1e66871192012efd",
          "{OTP}sha9 1 abc 1e66871192012efd",
          "{UNKNOWN}x",
          "{BLF-CRYPT}$2y$5$x",
          "{CRYPT}$sha1$x$y$z",
          "{CRYPT}_J",
          "{CRYPT}$7$C",
          "{CRYPT}$y$"})
        EXPECT_EQ(verify_password("secret", stored, kSampleLogin), malformed) << stored;
}

TEST(Verify, LongPasswordsMatchNothing) {
    const std::string longest(kPasswordMax, 'x');
    EXPECT_EQ(verify_password(longest, "{PLAIN}" + longest, ""), match);
    EXPECT_EQ(verify_password(longest + "x", "{PLAIN}" + longest + "x", ""), mismatch);
}

}  // namespace
}  // namespace gatepost::storage
