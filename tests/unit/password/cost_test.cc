#include <gtest/gtest.h>

#include "storage/password/unix_crypt.h"
#include "storage/password/verify.h"

namespace gatepost::storage {
namespace {

using enum VerifyOutcome;

TEST(CostLimits, WhatIsBeyondIsNotEvenBegun) {
    for (std::string_view stored :
         {"{ARGON2ID}$argon2id$v=19$m=1048576,t=4,p=1$W1fTCPCBlYhap2W1vNyNxg$zcrtkzV4wLRW5EEI",
          "{ARGON2ID}$argon2id$v=19$m=65536,t=4000,p=1$W1fTCPCBlYhap2W1vNyNxg$zcrtkzV4wLRW5EEI",
          "{ARGON2ID}$argon2id$v=19$m=4294967295,t=4294967295,p=1$W1fTCPCBlYhap2W1vNyNxg$zcrtkzV4",
          "{ARGON2ID}$argon2id$v=19$m=65536,t=1,p=1024$W1fTCPCBlYhap2W1vNyNxg$zcrtkzV4wLRW5EEI",
          "{PBKDF2}$1$salt$4000000000$1943cd9e86b74fdb98f793e10f52975088e47224",
          "{SCRAM-SHA-1}4000000000,XD9mvuay+A4GD1Sa8Cu0MA==,yK4zZnVC3wR290fMdnAv+L1CSEA=,"
          "Ha99D26BsScRkGKrJsBTSQWtYwk=",
          "{BLF-CRYPT}$2y$31$Jbl.9xLOT/cClgrovhzrtecAErigCr1upm8aTM.b0UTRSJ7JNTW/W",
          "{CRYPT}$5$rounds=999999999$kMD43nERkGjgb2Kw$x",
          "{CRYPT}$6$rounds=1000001$kMD43nERkGjg$x",
          "{CRYPT}$md5,rounds=4000000000$iFFqEd4O$$IO149HZy9HXvs.S2Lr.ko.",
          "{CRYPT}$sha1$4000000000$abcdefgh$ji8ESnkwjcTjo4hThodnLYyi.3yG",
          "{CRYPT}_zzzzabcd/H6HLCcf7nw",
          "{CRYPT}$7$zU..../....F5Jx5fExrKuPp53x$AAGN895JvVAnOIfYezKnGS9lfQxh/un1TFnB.LE0Sy6",
          "{CRYPT}$7$CUzzzz/....F5Jx5fExrKuPp53x$AAGN895JvVAnOIfYezKnGS9lfQxh/un1TFnB.LE0Sy6",
          "{CRYPT}$y$jFT$F5Jx5fExrKuPp53xLKQ..1$GmcwIgvdUC9qLWcKCi6gklUa1dM3ziD43YxYNURLKy0",
          "{OTP}sha1 4000000000 abc 1e66871192012efd"})
        EXPECT_EQ(verify_password("secret", stored, ""), too_costly) << stored;
}

// The numbers are part of the hash: what their letters mean is checked against crypt_gensalt(3).
TEST(CostLimits, OfSettingsThatTheLibraryMakes) {
    struct Setting {
        const char* prefix;
        unsigned long cost;
        CryptCost expected;
    };
    for (const Setting& made :
         {Setting{"$y$", 1, CryptCost::within}, Setting{"$y$", 5, CryptCost::within},
          Setting{"$y$", 9, CryptCost::within}, Setting{"$y$", 11, CryptCost::beyond},
          Setting{"$gy$", 5, CryptCost::within}, Setting{"$7$", 6, CryptCost::within},
          Setting{"$7$", 11, CryptCost::beyond}, Setting{"_", 199'999, CryptCost::within},
          Setting{"_", 200'001, CryptCost::beyond}, Setting{"$2y$", 14, CryptCost::within},
          Setting{"$2b$", 15, CryptCost::beyond}, Setting{"$6$", 1'000'000, CryptCost::within},
          Setting{"$5$", 1'000'001, CryptCost::beyond}, Setting{"$1$", 0, CryptCost::within}}) {
        const auto setting = new_crypt_setting(made.prefix, made.cost);
        ASSERT_TRUE(setting) << made.prefix;
        EXPECT_EQ(crypt_cost(*setting, {}), made.expected) << *setting;
    }
}

TEST(CostLimits, AreTheCallers) {
    constexpr std::string_view kStored =
        "{PBKDF2}$1$06.jC5esmLjna9mA$5000$1943cd9e86b74fdb98f793e10f52975088e47224";
    EXPECT_EQ(verify_password("secret", kStored, "", {.pbkdf2_iterations = 4999}), too_costly);
    EXPECT_EQ(verify_password("secret", kStored, "", {.pbkdf2_iterations = 5000}), match);
}

}  // namespace
}  // namespace gatepost::storage
