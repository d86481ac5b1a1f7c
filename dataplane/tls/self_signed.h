// The certificate for when there is no other: TLS is never off. Made by the process for itself,
// shared by its workers, gone with it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::dataplane {

class LoadedIdentity;

// As long as what public issuers give: some clients refuse anything that lasts longer than a year
// or two even where the user accepts the issuer, and nothing that is found later can stay in use
// for long. A process that runs longer makes another one a day before the end.
inline constexpr int64_t kSelfSignedLifeS = 90 * 24 * 3600;

class SelfSignedIdentity {
  public:
    // With a first one, ECDSA P-256, for `host_name` (may be empty) and "localhost".
    static Result<std::unique_ptr<SelfSignedIdentity>> create(const std::string& host_name,
                                                              int64_t now_s);

    // The one that is valid now. Any thread; takes a lock, so workers keep what they got until its
    // valid_until_s().
    std::shared_ptr<const LoadedIdentity> current(int64_t now_s);

  private:
    explicit SelfSignedIdentity(std::vector<std::string> names) : names_(std::move(names)) {}

    const std::vector<std::string> names_;
    std::mutex mutex_;
    std::shared_ptr<const LoadedIdentity> identity_;
};

// DER of a certificate that signs itself, and its key in PKCS #8. `names`: the first is the common
// name, too.
struct SelfSigned {
    std::vector<uint8_t> certificate;
    std::vector<uint8_t> key;
};
Result<SelfSigned> make_self_signed(const std::vector<std::string>& names, int64_t not_before_s,
                                    int64_t not_after_s);

}  // namespace gatepost::dataplane
