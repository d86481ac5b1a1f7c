// A client's side of SCRAM-SHA-256, by the formulas of RFC 5802 §3.
#pragma once

#include <cstdint>
#include <string>

#include "storage/password/base64.h"
#include "storage/password/digest.h"

namespace gatepost::tests {

struct ScramClient {
    std::string header = "n,,";
    std::string binding = {};  // octets
    std::string login = "user";
    std::string password = "pencil";
    std::string nonce = "rOprNGfwEbeRWgbNEkqO";
    std::string auth_message = {};
    std::string server_key = {};

    std::string bare() const { return "n=" + login + ",r=" + nonce; }
    std::string first() const { return header + bare(); }
    std::string final(const std::string& server_first) {
        using storage::DigestKind;
        const auto field = [&server_first](size_t number) {
            size_t begin = 0;
            while (number-- > 0) begin = server_first.find(',', begin) + 1;
            return server_first.substr(begin + 2, server_first.find(',', begin) - begin - 2);
        };
        const auto salt = storage::decode_base64(field(1), storage::Base64Padding::required);
        const std::string salted = storage::derive_pbkdf2(
            DigestKind::sha256, password, *salt, static_cast<uint32_t>(std::stoul(field(2))));
        std::string proof = storage::hmac(DigestKind::sha256, salted, "Client Key");
        server_key = storage::hmac(DigestKind::sha256, salted, "Server Key");
        const std::string stored = storage::digest(DigestKind::sha256, {proof});
        const std::string message =
            "c=" + storage::encode_base64(header + binding) + ",r=" + field(0);
        auth_message = bare() + "," + server_first + "," + message;
        const std::string signature = storage::hmac(DigestKind::sha256, stored, auth_message);
        for (size_t i = 0; i < proof.size(); ++i)
            proof[i] = static_cast<char>(proof[i] ^ signature[i]);
        return message + ",p=" + storage::encode_base64(proof);
    }
    std::string expected_verifier() const {
        return "v=" + storage::encode_base64(
                          storage::hmac(storage::DigestKind::sha256, server_key, auth_message));
    }
};

}  // namespace gatepost::tests
