#include "storage/password/create.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "storage/password/verify.h"

namespace gatepost::storage {
namespace {

constexpr std::string_view kLogin = "alice@example.test";

TEST(Create, EverySchemeIsVerified) {
    for (PasswordScheme scheme : password_schemes()) {
        SCOPED_TRACE(scheme_name(scheme));
        const auto stored = hash_password(scheme, "pässwö", {.allow_weak = true, .login = kLogin});
        ASSERT_TRUE(stored) << stored.error().message;
        EXPECT_TRUE(stored->starts_with("{" + std::string(scheme_name(scheme)) + "}"));
        EXPECT_EQ(verify_password("pässwö", *stored, kLogin), VerifyOutcome::match) << *stored;
        EXPECT_EQ(verify_password("passwo", *stored, kLogin), VerifyOutcome::mismatch) << *stored;
        EXPECT_FALSE(needs_rehash(*stored, scheme)) << *stored;
        EXPECT_EQ(hash_password(scheme, "secret", {.login = kLogin}).has_value(),
                  is_strong(scheme));
    }
}

TEST(Create, SaltsDiffer) {
    for (auto scheme : {PasswordScheme::argon2id, PasswordScheme::ssha512,
                        PasswordScheme::sha512_crypt, PasswordScheme::scram_sha_256})
        EXPECT_NE(*hash_password(scheme, "secret"), *hash_password(scheme, "secret"));
}

TEST(Create, WhatIsRefused) {
    const auto refused = [](PasswordScheme scheme, std::string_view password) {
        const auto made = hash_password(scheme, password, {.allow_weak = true});
        return !made && made.error().code == ErrorCode::usage &&
               made.error().message.find(password.empty() ? "\n" : password) == std::string::npos;
    };
    EXPECT_TRUE(refused(PasswordScheme::argon2id, ""));
    EXPECT_TRUE(refused(PasswordScheme::argon2id, std::string(kPasswordMax + 1, 'x')));
    EXPECT_TRUE(refused(PasswordScheme::blf_crypt, std::string(73, 'x')));
    EXPECT_FALSE(refused(PasswordScheme::blf_crypt, std::string(72, 'x')));
    EXPECT_TRUE(refused(PasswordScheme::des_crypt, "ninechars"));
    EXPECT_TRUE(refused(PasswordScheme::sha512_crypt, std::string_view("a\0b", 3)));
    EXPECT_FALSE(refused(PasswordScheme::ssha512, std::string_view("a\0b", 3)));
    EXPECT_TRUE(refused(PasswordScheme::digest_md5, "secret")) << "without a login";
}

TEST(NeedsRehash, OfWeakerOnesAndThoseThatCannotBeRead) {
    const auto argon = PasswordScheme::argon2id;
    for (std::string_view stored :
         {"", "{UNKNOWN}x", "{SHA1}!", "{PLAIN}secret", "{SSHA512}AAAA", "$6$salt$x",
          "{ARGON2ID}$argon2id$v=19$m=8192,t=2,p=1$W1fTCPCBlYhap2W1vNyNxg$zcrtkzV4wLRW5EEI",
          "{ARGON2ID}$argon2id$v=19$m=65536,t=1,p=1$W1fTCPCBlYhap2W1vNyNxg$zcrtkzV4wLRW5EEI",
          "{ARGON2ID}$argon2id$m=65536,t=3,p=1$W1fTCPCBlYhap2W1vNyNxg$zcrtkzV4wLRW5EEI",
          "{ARGON2I}$argon2i$v=19$m=65536,t=4,p=1$W1fTCPCBlYhap2W1vNyNxg$zcrtkzV4wLRW5EEI"})
        EXPECT_TRUE(needs_rehash(stored, argon)) << stored;
    constexpr std::string_view kOfDovecot =
        "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$W1fTCPCBlYhap2W1vNyNxg$zcrtkzV4wLRW5EEI";
    EXPECT_FALSE(needs_rehash(kOfDovecot, argon));
    EXPECT_FALSE(needs_rehash(kOfDovecot, PasswordScheme::argon2));
    EXPECT_TRUE(needs_rehash(kOfDovecot, PasswordScheme::blf_crypt));
    EXPECT_TRUE(needs_rehash("{BLF-CRYPT}$2y$05$x", PasswordScheme::blf_crypt));
    EXPECT_FALSE(needs_rehash("{CRYPT}$2b$12$x", PasswordScheme::blf_crypt));
    EXPECT_FALSE(needs_rehash("$2y$10$x", PasswordScheme::crypt));
    EXPECT_TRUE(needs_rehash("{CRYPT}$6$salt$x", PasswordScheme::sha512_crypt));
    EXPECT_FALSE(needs_rehash("{CRYPT}$6$rounds=656000$salt$x", PasswordScheme::sha512_crypt));
    constexpr std::string_view kScram =
        "{SCRAM-SHA-256}4096,iJyRLODyBuuVlLW/O09ChQ==,hsb9+pYutCbgI8TPobiO98"
        "64AIKZ6b+6IQl5J75ABdU=,owH8oU+MeMHdIhxOahCXddKDfIK/feBGc65ewh9WAsw=";
    EXPECT_TRUE(needs_rehash(kScram, PasswordScheme::scram_sha_256));
    // Who logs in by SCRAM still can after a login by PLAIN.
    EXPECT_FALSE(needs_rehash(kScram, argon));
}

TEST(GeneratePassword, IsReadableAndNeverTheSame) {
    std::set<std::string> seen;
    std::set<char> used;
    for (int i = 0; i < 200; ++i) {
        const auto password = generate_password();
        ASSERT_TRUE(password);
        EXPECT_EQ(password->size(), kGeneratedLength);
        EXPECT_EQ(password->find_first_of("0Oo1Il"), std::string::npos);
        EXPECT_TRUE(seen.insert(*password).second);
        used.insert(password->begin(), password->end());
    }
    EXPECT_EQ(used.size(), 56u) << "4,000 characters have each of the alphabet";
}

}  // namespace
}  // namespace gatepost::storage
