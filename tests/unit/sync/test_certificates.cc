#include "tests/unit/sync/test_certificates.h"

#include <stdlib.h>

#include <filesystem>

#include "controlplane/certificate/key_file.h"
#include "controlplane/certificate/self_signed.h"
#include "controlplane/certificate/type_names.h"
#include "storage/base/check.h"

namespace gatepost::controlplane::tests {

TestCertificates::TestCertificates() {
    char pattern[] = "/tmp/gatepost-certificates-XXXXXX";
    folder_ = ::mkdtemp(pattern);
    GATEPOST_CHECK(ensure_key_file(key_path()).has_value());
}

TestCertificates::~TestCertificates() {
    std::filesystem::remove_all(folder_);
}

void TestCertificates::replace_key() {
    std::filesystem::remove(key_path());
    GATEPOST_CHECK(ensure_key_file(key_path()).has_value());
}

TestCertificates::Made TestCertificates::make(const std::vector<std::string>& names,
                                              int64_t now_s) const {
    const auto key = PrivateKey::generate();
    GATEPOST_CHECK(key.has_value());
    const auto chain = make_self_signed(*key, names, now_s);
    GATEPOST_CHECK(chain.has_value());
    return {chain_to_pem(*chain), key->seal(ring()).value()};
}

CertificateRow TestCertificates::row(int64_t id, const std::string& domain, const std::string& type,
                                     std::vector<std::string> names, int64_t now_s) const {
    if (names.empty()) names = {domain};
    Made made = make(names, now_s);
    CertificateRow row;
    row.id = id;
    row.domain = domain;
    row.type = type;
    row.key_type = "ecdsa";
    row.chain = std::move(made.chain);
    row.sealed_key = std::move(made.sealed_key);
    row.ocsp_response.emplace();
    row.names = std::move(names);
    return row;
}

std::string types_of(Bytes identity) {
    const auto decoded = storage::decode_tls_identity(identity);
    if (!decoded) return "?";
    std::string text;
    for (const auto& candidate : decoded->candidates) {
        if (!text.empty()) text += ' ';
        text += certificate_type_name(candidate.type);
    }
    return text;
}

}  // namespace gatepost::controlplane::tests
