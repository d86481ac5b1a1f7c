// Certificates for tests: a key file in a folder of its own, and rows that are sealed with it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controlplane/certificate/private_key.h"
#include "controlplane/directory/directory_change.h"
#include "controlplane/directory/watched_key_file.h"

namespace gatepost::controlplane::tests {

class TestCertificates {
  public:
    TestCertificates();
    ~TestCertificates();
    TestCertificates(const TestCertificates&) = delete;
    TestCertificates& operator=(const TestCertificates&) = delete;

    std::string key_path() const { return folder_ + "/secret.key"; }
    // Of the key file as it is now.
    storage::KeyRing ring() const { return storage::KeyRing::load(key_path()).value(); }
    // Another key, the only one from then on.
    void replace_key();
    std::shared_ptr<WatchedKeyFile> watched() const {
        return std::make_shared<WatchedKeyFile>(key_path());
    }

    struct Made {
        std::string chain;
        std::vector<uint8_t> sealed_key;
    };
    // For these names, with a new key. `now_s`: when it begins, so that two differ.
    Made make(const std::vector<std::string>& names, int64_t now_s = kBegin) const;
    // A row with all its columns.
    CertificateRow row(int64_t id, const std::string& domain, const std::string& type = "live",
                       std::vector<std::string> names = {}, int64_t now_s = kBegin) const;

    static constexpr int64_t kBegin = 1'800'000'000;

  private:
    std::string folder_;
};

// "live" and the like, in the order of the entry; "?" where it is none.
std::string types_of(Bytes identity);

}  // namespace gatepost::controlplane::tests
