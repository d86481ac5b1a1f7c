// Certificates of all sorts for tests: a CA that issues what it is told to.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/certificate/openssl.h"

namespace gatepost::controlplane {

inline constexpr int64_t kTestNow = 1'800'000'000;  // 2027-01-15
inline constexpr int64_t kTestDay = 24 * 3600;

struct TestRequest {
    std::string common_name = "example.org";
    std::string alternative_names = "DNS:example.org,DNS:www.example.org";  // empty: none
    std::string extended_usage = "serverAuth";                              // empty: none
    bool is_ca = false;
    int64_t not_before_s = kTestNow - 10 * kTestDay;
    int64_t not_after_s = kTestNow + 80 * kTestDay;
};

// With a private key of any type that OpenSSL makes.
OwnedKey test_key(const std::string& type = "EC:P-256");

struct TestCertificate {
    OwnedX509 certificate;
    OwnedKey key;

    std::string pem() const;
    std::string key_pem() const;  // PKCS #8
};

// Issued by `issuer`; null: by itself.
TestCertificate issue(const TestRequest& request, const TestCertificate* issuer = nullptr,
                      const std::string& key_type = "EC:P-256");
TestCertificate test_root(const std::string& name = "Test Root");

// An OCSP response in DER about `leaf`, signed by `signer`.
std::string ocsp_response(const TestCertificate& leaf, const TestCertificate& issuer,
                          const TestCertificate& signer, int status = V_OCSP_CERTSTATUS_GOOD,
                          int64_t now_s = kTestNow);

}  // namespace gatepost::controlplane
