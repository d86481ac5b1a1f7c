// Certificates and a directory of them for tests: each signs itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/arena/qsbr.h"
#include "storage/directory/directory_view.h"
#include "storage/directory/directory_writer.h"
#include "storage/directory/tls_identity.h"
#include "storage/secret/sealed.h"

namespace gatepost::tests {

inline constexpr int64_t kDay = 24 * 3600;
// The time at which these tests take place: 2030-01-01.
inline constexpr int64_t kTestTime = 1'893'456'000;

enum class TestKey : uint8_t { p256, p384, rsa, ed25519 };

struct TestCertificate {
    std::vector<uint8_t> der;
    std::vector<uint8_t> key;  // PKCS #8 DER
};
TestCertificate make_certificate(TestKey key, const std::string& name);

// The key file of these tests, and what is sealed with its key.
const storage::KeyRing& test_key_ring();
std::vector<uint8_t> seal_for_test(Bytes secret);

struct TestCandidate {
    TestCertificate certificate;
    storage::KeyType key_type = storage::KeyType::ecdsa;
    storage::CertificateType type = storage::CertificateType::live;
    int64_t not_before_s = kTestTime - kDay;
    int64_t not_after_s = kTestTime + 60 * kDay;
    std::string ocsp_response = {};
    std::vector<std::vector<uint8_t>> more = {};  // the rest of the chain
    std::vector<uint8_t> sealed_key = {};         // empty: the certificate's, sealed
};

// A directory arena as the control plane makes it.
class TestDirectory {
  public:
    explicit TestDirectory(uint64_t generation = 1);

    using Pins = std::vector<std::pair<storage::Service, storage::CertificateType>>;
    void put(const std::string& name, const std::vector<TestCandidate>& candidates,
             const Pins& pins = {});
    void put_octets(const std::string& name, Bytes octets);
    void remove(const std::string& name);
    uint64_t generation() const { return writer_->generation(); }
    const storage::DirectoryView& view() const { return *view_; }

  private:
    std::unique_ptr<storage::Qsbr> qsbr_;
    std::unique_ptr<storage::DirectoryWriter> writer_;
    std::optional<storage::DirectoryView> view_;
};

}  // namespace gatepost::tests
