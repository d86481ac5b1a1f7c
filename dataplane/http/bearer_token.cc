#include "dataplane/http/bearer_token.h"

namespace gatepost::dataplane {

bool has_bearer_token(const HttpRequest& request, std::string_view token) {
    std::string_view given = request.header(HeaderName::authorization);
    constexpr std::string_view kScheme = "bearer ";
    // RFC 9110 §11.1: the scheme is without regard to case.
    if (given.size() != kScheme.size() + token.size() ||
        !equals_ignoring_case(given.substr(0, kScheme.size()), kScheme))
        return false;
    given.remove_prefix(kScheme.size());
    volatile uint8_t difference = 0;  // volatile: the compiler is not to leave the loop early
    for (size_t i = 0; i < token.size(); ++i)
        difference = static_cast<uint8_t>(difference | (given[i] ^ token[i]));
    return difference == 0;
}

}  // namespace gatepost::dataplane
