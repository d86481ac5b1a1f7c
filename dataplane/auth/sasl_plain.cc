#include "dataplane/auth/sasl_plain.h"

#include <utility>

namespace gatepost::dataplane {

SaslStep SaslPlain::step(std::string_view response) {
    if (std::exchange(taken_, true)) return SaslStep::failing(SaslFailure::malformed);
    // RFC 4616 §2: message = [authzid] UTF8NUL authcid UTF8NUL passwd, and none of them has a NUL.
    const size_t first = response.find('\0');
    if (first == std::string_view::npos) return SaslStep::failing(SaslFailure::malformed);
    const size_t second = response.find('\0', first + 1);
    if (second == std::string_view::npos) return SaslStep::failing(SaslFailure::malformed);
    const std::string_view password = response.substr(second + 1);
    if (password.find('\0') != std::string_view::npos || !take_secret(password))
        return SaslStep::failing(SaslFailure::malformed);
    const std::string_view login = response.substr(first + 1, second - first - 1);
    if (auto refused = take_names(response.substr(0, first), login)) return *refused;
    return SaslStep::wanting(SaslStep::Kind::check_password);
}

}  // namespace gatepost::dataplane
