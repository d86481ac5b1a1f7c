#include "storage/password/password_hash.h"

#include <gtest/gtest.h>

#include <set>

namespace gatepost::storage {
namespace {

TEST(PasswordScheme, NamesAreUniqueAndFound) {
    std::set<std::string_view> names;
    for (PasswordScheme scheme : password_schemes()) {
        const std::string_view name = scheme_name(scheme);
        EXPECT_TRUE(names.insert(name).second) << name;
        EXPECT_EQ(find_scheme(name), scheme) << name;
    }
    EXPECT_EQ(names.size(), 32u);
    EXPECT_EQ(find_scheme("sha512-Crypt"), PasswordScheme::sha512_crypt);
    EXPECT_EQ(find_scheme("SHA512-CRYP"), std::nullopt);
    EXPECT_EQ(find_scheme(""), std::nullopt);
}

TEST(PasswordScheme, WhatIsStrong) {
    EXPECT_TRUE(is_strong(PasswordScheme::argon2id));
    EXPECT_TRUE(is_strong(PasswordScheme::scram_sha_256));
    for (auto scheme : {PasswordScheme::plain, PasswordScheme::md5_crypt, PasswordScheme::ssha256,
                        PasswordScheme::cram_md5, PasswordScheme::otp, PasswordScheme::des_crypt})
        EXPECT_FALSE(is_strong(scheme)) << scheme_name(scheme);
}

TEST(CryptString, SchemeEncodingData) {
    const auto plain = parse_crypt_string("{plain.B64}c2VjcmV0");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->scheme, PasswordScheme::plain);
    EXPECT_EQ(plain->encoding, PasswordEncoding::base64);
    EXPECT_EQ(plain->data, "c2VjcmV0");
    EXPECT_EQ(plain->decoded(), "secret");
    EXPECT_EQ(parse_crypt_string("{PLAIN.base64}c2VjcmV0")->decoded(), "secret");
    EXPECT_EQ(parse_crypt_string("{PLAIN.hex}736563726574")->decoded(), "secret");
    EXPECT_EQ(parse_crypt_string("{PLAIN}a}b{c")->decoded(), "a}b{c");
}

TEST(CryptString, WithoutSchemeItIsTheDefault) {
    EXPECT_EQ(parse_crypt_string("$6$salt$hash")->scheme, PasswordScheme::crypt);
    EXPECT_EQ(parse_crypt_string("secret", PasswordScheme::plain)->scheme, PasswordScheme::plain);
    EXPECT_EQ(parse_crypt_string("")->data, "");
}

// RFC 2307 §5.3 has the digest under the name that Dovecot has for crypt(3)'s MD5.
TEST(CryptString, Md5IsEitherOfTwo) {
    EXPECT_EQ(parse_crypt_string("{MD5}$1$salt$hash")->scheme, PasswordScheme::md5_crypt);
    EXPECT_EQ(parse_crypt_string("{MD5}Xr4ilOzQ4PCOq3aQ0qbuaQ==")->scheme,
              PasswordScheme::ldap_md5);
}

TEST(CryptString, DigestsInEitherEncoding) {
    const auto base64 = parse_crypt_string("{SHA1}5en6G6MezRroT3XKqkdPOmY/BfQ=");
    const auto hex = parse_crypt_string("{SHA1}e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4");
    ASSERT_TRUE(base64 && hex);
    EXPECT_EQ(base64->decoded()->size(), 20u);
    EXPECT_EQ(base64->decoded(), hex->decoded());
    EXPECT_EQ(parse_crypt_string("{SHA1.hex}5en6G6MezRroT3XKqkdPOmY/BfQ=")->decoded(),
              std::nullopt);
}

TEST(CryptString, WhatIsRefused) {
    for (std::string_view text : {"{SHA1", "{}x", "{NTLM}x", "{PLAIN.b32}x", "{PLAIN.}x", "{"}) {
        const auto parsed = parse_crypt_string(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::invalid);
    }
    EXPECT_FALSE(parse_crypt_string(std::string(kCryptStringMax + 1, 'x')));
    const auto secret = parse_crypt_string("{WRONG}hunter2");
    EXPECT_EQ(secret.error().message.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace gatepost::storage
